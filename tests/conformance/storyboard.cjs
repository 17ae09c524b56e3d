// Runs one storyboard of the official package against an agent and prints its counts as one line of JSON.
//
// usage: storyboard.cjs URL TOKEN STORYBOARD [--without-seeding]
const { comply } = require('@adcp/sdk/testing');
const { StaticJwksResolver } = require('@adcp/sdk/signing/server');

const [url, token, storyboard, ...options] = process.argv.slice(2);

// What a receiver of webhooks would find by the agent's brand.json, which has no place on a loopback address.
async function publishedKeys() {
  const answer = await fetch(new URL('/.well-known/jwks.json', url));
  return answer.ok ? { jwks: new StaticJwksResolver((await answer.json()).keys) } : undefined;
}

async function main() {
  const outcome = await comply(url, {
    protocol: 'mcp',
    auth: { type: 'bearer', token },
    allow_http: true,
    timeout_ms: 280000,
    storyboards: [storyboard],
    test_kit: { auth: { api_key: token, probe_task: 'list_creatives' } },
    webhook_receiver: { mode: 'loopback_mock' },
    contracts: ['webhook_receiver_runner'],
    webhook_signing: await publishedKeys(),
    skip_controller_seeding: options.includes('--without-seeding'),
  });
  const { steps_passed, steps_failed, steps_skipped } = outcome.summary;
  const failures = (outcome.failures || []).map((each) => ({
    step: `${each.storyboard_id}/${each.step_id}`,
    error: String(each.error || ''),
    check: each.validation || null,
  }));
  const line = { passed: steps_passed, failed: steps_failed, skipped: steps_skipped, failures };
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0));
}

main().catch((reason) => {
  process.stderr.write(`${reason.stack || reason}\n`, () => process.exit(1));
});
