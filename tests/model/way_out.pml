/* Goal: the way out of a platform and of its library holds over every interleaving of its threads. Method: a model for
 * spin. Each inline and process carries the name of the function it stands for, under the file it stands in; one atomic
 * block is one critical section of the source, or a step that no other thread sees halfway. tests/model/check runs it.
 *
 * What happens: a library has one platform with open calls, and its retirement begins. A call completes inline, by its
 * cancel(), never, or keeps its thread inside for good. At any moment a timer that is set fires, a thread pauses for as
 * long as it likes, and the host is shut down. Besides, as check defines them one by one, because together they would be
 * too many states: a call completes twice or later, by an operation (OPERATIONS); a deadline passes (SWEEP); a caller
 * gives up (STOP); a reload loads the same bytes anew (RELOAD); two calls are open (CALLS).
 *
 * Wider than the source: entries of one platform overlap, as with a "concurrent" manifest; deadlines are swept beside
 * the control strand. Left out: create(), which is one more token; a second cancel() of the same call, which is
 * idempotent; the successor's own way out, which is this one; the patience of a shutdown whose tickets never end.
 *
 * Each MISTAKE_* is a seeded mistake: check compiles the model with it and expects the property it names to fail.
 */

#ifndef CALLS
#define CALLS 1
#endif
#define NEXT 1   /* the generation that a reload may load from the same bytes; 0 is the one that retires */

mtype = { none, open_, gone,                                               /* a token, an operation, a stop callback */
          running,
          grace, cancelling, closing_, stranded, destroying,               /* retirement::phase; what a timer waits in */
          drained_, cancel_timer,                                          /* handlers on the control strand */
          work_destroy, work_destroy_next, work_close, work_load };        /* loading::queue_ */

/* The properties. Always false: each is a name for the checker to print when what stands before it does not hold. */
bool no_entry_after_destroy, nobody_inside_at_destroy, destroyed_once, answered_once, every_call_answered,
     mapped_while_inside, stuck_code_stays, executor_used_in_time, nothing_left_loaded;
#define HOLDS(what, property) assert((what) || property)

/* gate */
byte inside; bool closed, tells_later;
/* token_table, and open_call::on_stop */
mtype token[CALLS] = open_; byte used = CALLS; bool watched; mtype on_stop[CALLS] = open_;
/* operation_table: one operation of each call, whose completion completes the call */
mtype op[CALLS] = none;
/* platform_shell */
bool closing, destroyed, control_there = true, cancel_posted[CALLS];
/* retirement */
mtype phase = grace; mtype armed = none; chan control = [4] of { mtype }; bool control_busy;
/* retirements */
byte tickets = 1;
/* loading: record::alive and record::stranded of each generation, and what the dynamic loader has at each path */
byte references[2]; bool is_stranded[2]; byte path[2], mapped[2]; bool initialised[2];
chan queue = [4] of { mtype, byte };
bool stopping, ended, next_loaded; byte next;  /* the generation that the reload got */
/* The embedder's threads, and what nobody but the properties reads */
byte posted; bool shutting, executor_gone;
byte in_code[2], answered[CALLS];

#define LOCALS bool entered, won, drained, queued, pushed, tells, begun; bool pinned = true; mtype was

/* ---- plugin code of a platform, 0 the one that retires: mapped and initialised from first to last instruction ---- */

#define CODE_IS_THERE(g) (mapped[path[g]] > 0 && initialised[path[g]])
#define NOBODY_IN(p) ((in_code[0] == 0 || path[0] != p) && (in_code[1] == 0 || path[next] != p))
inline code_begin(platform, g) { in_code[platform]++; HOLDS(CODE_IS_THERE(g), mapped_while_inside) }
inline code_end(platform, g) { HOLDS(CODE_IS_THERE(g), mapped_while_inside); in_code[platform]-- }

/* ---- host/src/plugin/loader.cpp ---- */

/* loading::push */
inline push(work, g) { atomic { pushed = !ended; if :: pushed -> queue!work(g) :: else fi } }

/* loading::retire: the last reference went. Once the thread has ended the mapping stays, and is reported. */
inline drop_library(g) {
  atomic { references[g]--; if :: references[g] == 0 -> push(work_close, g) :: else fi }
}

/* ---- host/src/platform/platform_shell_end.cpp ---- */

/* platform_shell::destroy */
inline destroy() {
  atomic {
    HOLDS(!destroyed, destroyed_once);
    HOLDS(inside == 0 && in_code[0] == 0, nobody_inside_at_destroy);
    HOLDS(used == 0, every_call_answered);
    op[0] = gone;                                                                  /* take_all, close() */
    code_begin(0, 0)
  };
  atomic { code_end(0, 0); destroyed = true };
  drop_library(0)
}

/* platform_shell::destroy_on_loader: the loader runs it, or whoever comes back when that has ended. */
inline destroy_on_loader(has_ticket) {
  push(work_destroy, has_ticket);
  if :: !pushed -> destroy() :: else fi
}

/* ---- host/src/platform/retirement.cpp: what is called from other threads ---- */

inline post_control(what) {
  atomic { HOLDS(control_there && !executor_gone, executor_used_in_time); control!what }
}

/* retirement::on_empty, on whichever thread leaves last */
inline on_empty() {
  atomic { was = phase; phase = destroying };                                      /* mutex_ */
#ifdef MISTAKE_TICKET_BEFORE_TIMER
  destroy_on_loader(was != stranded);
  if :: was == closing_ -> post_control(cancel_timer) :: else fi
#else
  if :: was == closing_ -> post_control(cancel_timer) :: else fi;
  destroy_on_loader(was != stranded)
#endif
}

/* retirement::tell_drained, which the shell keeps as drained_ */
inline tell_drained() {
  if
  :: drained ->
     atomic {                                                                      /* mutex_ */
       if
#ifdef MISTAKE_DRAIN_TOLD_TO_THE_STRANDED
       :: true ->
#else
       :: phase == grace || phase == cancelling ->
#endif
          HOLDS(control_there && !executor_gone, executor_used_in_time); control!drained_
       :: else
       fi
     }
  :: else
  fi
}

/* ---- host/src/base/gate.hpp ---- */

inline gate_enter() {
  atomic {
    entered = !closed;
#ifdef MISTAKE_ENTER_WHEN_CLOSED
    entered = true;
#endif
    if :: entered -> inside++; HOLDS(!destroyed, no_entry_after_destroy) :: else fi
  }
}

inline gate_leave() {
  atomic { inside--; tells = inside == 0 && closed && tells_later; if :: tells -> tells_later = false :: else fi };
  if :: tells -> on_empty() :: else fi
}

inline gate_close() {
  atomic {
    closed = true; tells = inside == 0;
#ifdef MISTAKE_CLOSE_WITHOUT_WAITING
    tells = true;
#endif
    tells_later = !tells
  };
  if :: tells -> on_empty() :: else fi
}

/* ---- host/src/platform/token_table.cpp ---- */

/* token_table::claim, by whoever: `won` owns the answer. */
inline claim(c) {
#ifdef MISTAKE_CLAIM_IN_TWO_STEPS
  won = token[c] == open_;
  atomic {
    if :: won -> token[c] = gone; used = (used > 0 -> used - 1 : 0) :: else fi;
    drained = won && watched && used == 0
  }
#else
  atomic {
    won = token[c] == open_;
    if :: won -> token[c] = gone; used-- :: else fi;
    drained = won && watched && used == 0
  }
#endif
}

/* ---- host/src/platform/platform_shell.cpp ---- */

/* open_call: on_stop.reset(), which waits for the callback while it runs, then done(). */
inline give_answer(c) {
  atomic {
    on_stop[c] != running -> on_stop[c] = gone;
    HOLDS(answered[c] == 0, answered_once); answered[c]++
  }
}

/* platform_shell::complete, below a frame: the answer waits in it. */
inline complete(c) {
  claim(c);
  if
  :: won -> queued = true;
#ifdef MISTAKE_PIN_GOES_WITH_THE_ANSWER
     gate_leave(); pinned = false
#endif
  :: else
  fi;
  tell_drained()
}

/* platform_shell::settle, by the host */
inline settle(c) { claim(c); if :: won -> give_answer(c) :: else fi; tell_drained() }

/* platform_shell::cancel_call */
inline cancel_call(c) {
#if CALLS == 1
  atomic { if :: !cancel_posted[c] -> cancel_posted[c] = true; posted++; run run_cancel(c) :: else fi }
#else
  skip                                                         /* of two calls the plugin lets no cancel() do anything */
#endif
}

/* entry_frame::launch, under stay(): one step with the look whether the executor is still there */
inline do_launch(c) {
  HOLDS(!executor_gone, executor_used_in_time); run operation(c)
}
inline launch(c) {
#ifdef MISTAKE_LAUNCH_WITHOUT_LOCK
  if :: begun && !closing -> atomic { do_launch(c) } :: else fi
#else
  atomic {
    if
#ifdef MISTAKE_LAUNCH_WHEN_CLOSING
    :: begun -> do_launch(c)
#else
    :: begun && !closing -> do_launch(c)
#endif
    :: else
    fi
  }
#endif
}

/* The end of platform_shell::enter */
inline leave(c) {
  atomic { code_end(0, 0) };
  launch(c);
  if :: pinned -> gate_leave() :: else fi;
  if :: queued -> give_answer(c) :: else fi
}

/* platform_shell::run_call */
proctype run_call(byte c) {
  LOCALS;
  atomic { gate_enter(); won = entered && token[c] == open_; if :: won -> code_begin(0, 0) :: else fi };
  if
  :: !entered -> settle(c)
  :: entered && !won -> gate_leave()
  :: won ->
     if
     :: complete(c)                                                                /* inline */
#ifdef OPERATIONS
     :: c == 0 -> complete(c); complete(c)                                         /* twice */
     :: atomic { c == 0 && !closing -> op[c] = open_; begun = true }               /* entry_frame::start: later */
#endif
     :: skip                                                                       /* never */
     fi;
     if
     :: skip
     :: c == CALLS - 1 -> end_stuck: false                                         /* does not come back */
     fi;
     leave(c)
  fi;
  posted--
}

/* An operation that was launched. Its result may come, and then platform_shell::post_delivery. */
proctype operation(byte c) {
  LOCALS;
  if
  :: atomic { !executor_gone -> posted++ }
  :: goto done
  fi;
  atomic {
    gate_enter(); won = entered && op[c] == open_;                                 /* operation_table::take */
    if :: won -> op[c] = gone; code_begin(0, 0) :: else fi
  };
  if
  :: !entered                                                                      /* destroy() closes it */
  :: entered && !won -> gate_leave()
  :: won -> complete(c); leave(c)
  fi;
  posted--;
done:
  skip
}

/* What platform_shell::cancel_call posts */
proctype run_cancel(byte c) {
  LOCALS;
  atomic { gate_enter(); if :: entered -> code_begin(0, 0) :: else fi };
  if
  :: !entered
  :: else -> if :: complete(c) :: skip fi; leave(c)
  fi;
  posted--
}

/* platform_shell::sweep, for a call whose deadline passes */
proctype sweep(byte c) {
  LOCALS;
  claim(c);
  if :: won -> give_answer(c); cancel_call(c) :: else fi;
  tell_drained();
  posted--
}

/* platform_shell::ask_to_stop, from the stop callback of an open call */
proctype ask_to_stop(byte c) {
  LOCALS;
  atomic { if :: on_stop[c] == open_ -> on_stop[c] = running :: else -> goto done fi };
  won = token[c] == open_;                                                         /* token_table::stop */
  if
  :: won ->
#ifdef MISTAKE_SWEEP_ARMED_WITHOUT_LOCK
     HOLDS(control_there && !executor_gone, executor_used_in_time);
#else
     atomic { HOLDS(!control_there || !executor_gone, executor_used_in_time) };    /* arm_sweep, under stay() */
#endif
     cancel_call(c)
  :: else
  fi;
  on_stop[c] = gone;
done:
  skip
}

/* ---- host/src/platform/retirement.cpp: what runs on the control strand ---- */

/* retirement::wait */
inline wait(phase_) { armed = phase_ }

/* retirement::close_gate, platform_shell::close_gate */
inline close_gate() {
  phase = closing_;
  wait(closing_);
  closing = true;
  gate_close()
}

/* retirement::cancel, platform_shell::cancel_everything */
inline cancel() {
  phase = cancelling;
  atomic {
    c = 0;
    do :: c < CALLS -> if :: token[c] == open_ -> cancel_call(c) :: else fi; c++ :: else -> break od;
    wait(cancelling)
  }
}

/* platform_shell::answer_everything */
inline answer_everything() {
  c = 0;
  do :: c < CALLS -> if :: token[c] == open_ -> settle(c) :: else fi; c++ :: else -> break od
}

/* retirement::strand, loading::strand, platform_shell::leave_executor */
inline strand() {
#ifdef MISTAKE_STRAND_WITHOUT_LOCK
  won = phase == closing_;
  if :: won -> atomic { phase = stranded; references[0]++ } :: else fi;
#else
  atomic { won = phase == closing_; if :: won -> phase = stranded; references[0]++ :: else fi };  /* mutex_ */
#endif
  if
  :: won ->
#ifdef MISTAKE_STRAND_KEEPS_NO_REFERENCE
     drop_library(0);
#endif
     atomic { HOLDS(CODE_IS_THERE(0), stuck_code_stays); is_stranded[0] = true };
#ifdef MISTAKE_STRAND_DESTROYS
     destroy_on_loader(false);
#endif
#ifndef MISTAKE_STRAND_KEEPS_NO_REFERENCE
     drop_library(0);
#endif
     control_there = false;
#ifndef MISTAKE_STRAND_KEEPS_THE_TICKET
     tickets--
#endif
  :: else
  fi
}

/* retirement::on_timer */
inline on_timer() {
  if
#ifdef MISTAKE_WAIT_FOR_THE_STUCK
  :: waited_in == closing_
#else
  :: waited_in == closing_ -> strand()
#endif
  :: waited_in != closing_ && waited_in != phase
  :: waited_in == grace && phase == grace -> cancel()
  :: waited_in == cancelling && phase == cancelling ->
#ifndef MISTAKE_NOBODY_ANSWERS
     answer_everything();
#endif
     close_gate()
  fi
}

/* A timer that fired just before it was set anew has nothing to say (on_timer): the model lets none do so. */
proctype control_strand() {
  LOCALS; mtype handler, waited_in; byte c;
  atomic { watched = true; drained = used == 0 };                                  /* start, watch_calls */
  if :: drained -> close_gate() :: else -> wait(grace) fi;
end_idle:
  do
  :: atomic { !executor_gone && nempty(control) -> control?handler; control_busy = true };
     if
     :: handler == drained_ -> if :: phase == grace || phase == cancelling -> close_gate() :: else fi
     :: handler == cancel_timer -> armed = none
     fi;
     control_busy = false
  :: atomic { !executor_gone && armed != none -> waited_in = armed; armed = none; control_busy = true };
     on_timer();
     control_busy = false
  od
}

/* ---- loading::run, the loader thread ---- */

proctype loader_thread() {
  LOCALS; byte g;
  do
  :: queue?work_destroy(g) ->
     destroy();
     if :: g -> tickets-- :: else fi
  :: queue?work_load(g) ->                                                         /* loading::load */
     atomic {
       if
#ifdef MISTAKE_REVIVE_THE_UNREFERENCED
       :: !is_stranded[0] && mapped[0] > 0 ->
#else
       :: !is_stranded[0] && references[0] > 0 ->                                  /* alive.lock() */
#endif
          references[0]++; next = 0
       :: else ->                                                                  /* load_fresh */
          next = NEXT;
#ifndef MISTAKE_SAME_PATH_WHILE_CLOSING
          path[NEXT] = (mapped[0] > 0 -> 1 : 0);                                   /* is_loaded, copy_stored */
#endif
          mapped[path[NEXT]]++; initialised[path[NEXT]] = true; references[NEXT] = 1
       fi;
       next_loaded = true
     }
  :: queue?work_close(g) ->                                                        /* loading::close */
     if
#ifndef MISTAKE_CLOSE_THE_STRANDED
     :: is_stranded[g]
#endif
     :: else ->
        atomic { HOLDS(NOBODY_IN(path[g]), mapped_while_inside); initialised[path[g]] = false };  /* deinit */
        atomic { HOLDS(!is_stranded[g], stuck_code_stays); mapped[path[g]]-- }     /* mapping::close */
     fi
  :: queue?work_destroy_next(g) -> drop_library(g); tickets--
  :: atomic { stopping && empty(queue) -> ended = true; break }
  od
}

/* ---- the embedder ---- */

/* A reload of the same bytes: builds, is called once, goes. */
proctype reload() {
  LOCALS;
  if
  :: atomic { !shutting -> tickets++; push(work_load, 0) };
     atomic { next_loaded -> code_begin(1, next) };
     atomic { code_end(1, next); push(work_destroy_next, next) }
  :: skip
  fi
}

/* host::state::close and close_now; then the embedder ends its executor. */
proctype shut_down() {
  shutting = true;
  atomic { tickets == 0 -> stopping = true };                                      /* when_none, request_stop */
  atomic {
    ended && (is_stranded[0] || posted == 0) && !control_busy -> executor_gone = true;  /* any_stranded, pool->join */
    HOLDS(destroyed || is_stranded[0], destroyed_once);
    HOLDS(is_stranded[0] || answered[0] + answered[CALLS - 1] == 2, every_call_answered);
    HOLDS(used == 0, every_call_answered);
    HOLDS(mapped[0] + mapped[1] == (is_stranded[0] -> 1 : 0), nothing_left_loaded)
  }
}

init {
  atomic {
    mapped[0] = 1; initialised[0] = true; references[0] = 1; posted = CALLS;
    run control_strand(); run loader_thread(); run run_call(0);
#if CALLS == 2
    run run_call(1);
#endif
#ifdef SWEEP
    posted++; run sweep(0);
#endif
#ifdef STOP
    run ask_to_stop(CALLS - 1);
#endif
#ifdef RELOAD
    run reload();
#endif
    run shut_down()
  }
}
