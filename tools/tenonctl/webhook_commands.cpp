#include "webhook_commands.hpp"

#include "key_files.hpp"

#include "webhooks/webhook_signature.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace tenonctl {
namespace {

constexpr int exit_failed = 1;

int failed(const std::string& why) {
  std::cerr << "tenonctl: " << why << '\n';
  return exit_failed;
}

}  // namespace

webhook_commands::webhook_commands(CLI::App& webhook)
    : keygen_(webhook.add_subcommand("keygen", "make a pair of Ed25519 keys to sign webhooks with")),
      jwks_(webhook.add_subcommand("jwks",
                                   "print the JSON Web Key Set that receivers check webhooks with, as tenond serves it "
                                   "under /.well-known/jwks.json, for who publishes it elsewhere")) {
  keygen_->add_option("place", place_, "a directory, or how the two files begin: PLACE.pem and PLACE.pub.pem")
      ->required();
  jwks_->add_option("key", key_, "the private key (PEM), which only its owner can read")->required();
  jwks_->add_option("--key-id", key_id_, "server.webhook_signing_key_id, if there is one");
}

std::optional<int> webhook_commands::run() const {
  if (keygen_->parsed()) return keygen();
  if (jwks_->parsed()) return jwks();
  return std::nullopt;
}

int webhook_commands::keygen() const {
  const auto prefix = key_prefix(place_, "webhook-key");
  if (const auto wrong = write_key_pair(prefix); !wrong.empty()) return failed(wrong);
  std::cout << prefix << ".pem      private: for [server] webhook_signing_key; tenond's user alone may read it\n"
            << prefix << ".pub.pem  public\n"
            << "next: agents[].jwks_uri of your brand.json, see tenonctl webhook jwks\n";
  return 0;
}

int webhook_commands::jwks() const {
  const auto signer = tenon::tenond::webhook_signer::load(key_, key_id_);
  if (!signer) return failed(signer.error().operator_detail);
  std::cout << signer->jwks() << '\n';
  return 0;
}

}  // namespace tenonctl
