// The core with a clock and a network of the test's own: nothing here waits.
"use strict";
const test = require("node:test");
const assert = require("node:assert");
const Antiphon = require("../../../bridge/clients/node/antiphon.js");

class World {
    constructor() {
        this.time = 0;
        this.sent = [];
        this.timers = [];
        this.client = new Antiphon({
            name: "core",
            replyPort: 9101,
            now: () => this.time,
            later: (act, ms) => {
                const timer = {act, at: this.time + ms};
                this.timers.push(timer);
                return timer;
            },
            clear: (timer) => { this.timers = this.timers.filter((other) => other !== timer); },
            send: (address, args) => this.sent.push([address, ...args]),
        });
    }

    /** Let time pass; returns what was sent meanwhile. */
    wait(ms) {
        const before = this.sent.length, end = this.time + ms;
        for (;;) {
            this.timers.sort((a, b) => a.at - b.at);
            if (!this.timers.length || this.timers[0].at > end) break;
            const timer = this.timers.shift();
            this.time = timer.at;
            timer.act();
        }
        this.time = end;
        return this.sent.slice(before);
    }

    /** Hold the program up, or set its clock; timers keep their distance to a clock that is put back. */
    jump(ms) {
        this.time += ms;
        this.timers.forEach((timer) => { timer.at = ms < 0 ? timer.at + ms : Math.max(timer.at, this.time); });
    }

    hear(address, ...args) {
        const before = this.sent.length;
        this.client.receive("/antiphon/" + address, args);
        return this.sent.slice(before);
    }

    /** Ask for notes; returns the id and what done was called with. */
    ask(wish = {}) {
        const ends = [];
        const id = this.client.request(wish.notes ? "continue" : "generate",
            {...wish, done: (error, takes) => ends.push(error || takes)});
        return [id, ends];
    }
}

const NOTE = [60, 0, 1, 80, 0];
const notes = (count) => Array.from({length: count}, (_, i) => ({pitch: 60 + i % 12, start: i / 4, duration: 0.25}));

test("hello is said again until it is answered, and for two seconds at most", () => {
    const world = new World(), heard = [];
    world.client.hello((error, bridge) => heard.push(error || bridge));
    assert.deepStrictEqual(world.sent, [["/antiphon/hello", 9101, "core", 1]]);
    assert.strictEqual(world.wait(1000).length, 4);
    world.hear("hello/reply", "antiphon", "0.1.0", 1, 9101, "generate,continue");
    assert.deepStrictEqual(heard[0].capabilities, ["generate", "continue"]);
    assert.deepStrictEqual(world.wait(5000), []);
    world.client.hello((error) => heard.push(error));
    world.wait(2200);
    assert.match(heard[1].message, /antiphon serve/);
    world.client.hello((error) => heard.push(error));
    world.hear("hello/reply", "antiphon", "9", 2, 9101, "");
    assert.strictEqual(heard[2].code, "protocol");
});

test("a context of 200 notes goes in five messages; those without an ack go again; then the request", () => {
    const world = new World();
    const [id] = world.ask({notes: notes(200).reverse(), options: {bars: 2, seed: 5}});
    assert.deepStrictEqual(world.sent.map((m) => m.slice(0, 5)),
        [0, 1, 2, 3, 4].map((seq) => ["/antiphon/context", id, seq, 5, seq < 4 ? 48 : 8]));
    assert.deepStrictEqual(world.sent[0].slice(5, 10), [60, 0, 0.25, 80, 0]);
    for (const seq of [4, 0, 2]) assert.deepStrictEqual(world.hear("ack", id, seq), []);
    assert.deepStrictEqual(world.wait(400).map((m) => m[2]), [1, 3]);
    world.hear("ack", id, 1);
    assert.deepStrictEqual(world.hear("ack", id, 3), [["/antiphon/continue", id, "bars", 2, "seed", 5, "mode", "chunk"]]);
    assert.strictEqual(world.wait(400).length, 1, "the very same once more");
    assert.deepStrictEqual(world.sent.at(-1), world.sent.at(-2));
});

test("at most 32 messages at once, then 5 ms", () => {
    const world = new World();
    world.ask({notes: notes(4096)});
    assert.strictEqual(world.sent.length, 32);
    assert.strictEqual(world.wait(4).length, 0);
    assert.strictEqual(world.wait(1).length, 32);
    assert.strictEqual(world.wait(10).length, 22);
});

test("a seed is chosen where none is given, for a request sent twice is one request", () => {
    const world = new World();
    world.ask();
    const first = world.sent[0], seed = first[first.indexOf("seed") + 1];
    assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 1 << 24);
    world.client.set({seed: 3});
    world.hear("get/reply", "seed", 3);
    world.ask();
    assert.deepStrictEqual(world.sent.at(-1).slice(2), ["seed", 3, "mode", "chunk"]);
    world.ask({options: {seed: "auto"}});
    assert.ok(Number.isInteger(world.sent.at(-1)[3]));
});

test("what was set is told with each request, as a bridge started anew knows nothing of it", () => {
    const world = new World(), told = (options) => {
        world.ask({options: {seed: 1, ...options}});
        const pairs = world.sent.at(-1).slice(2);
        return Object.fromEntries(pairs.flatMap((key, at) => at % 2 ? [] : [[key, pairs[at + 1]]]));
    };
    world.client.load("drums");
    world.hear("loaded", "drums");
    world.client.set({bars: 2, takes: 3});
    world.hear("get/reply", "bars", 2);
    world.hear("get/reply", "takes", 3);
    assert.deepStrictEqual(told({}), {bars: 2, takes: 3, seed: 1, model: "drums", mode: "chunk"});
    assert.strictEqual(told({model: "folk"}).model, "folk");
    let named;
    world.client.load("", (error, name) => { named = name; });
    world.hear("loaded", "folk");
    assert.deepStrictEqual([named, told({}).model], ["folk", "folk"], "no name: the bridge's own model, by its name");
    world.client.load("drums");
    world.hear("loaded", "drums");
    const {bars, beats} = told({beats: 5});
    assert.deepStrictEqual([bars, beats], [undefined, 5]);
    world.client.set({beats: 7});
    world.hear("get/reply", "beats", 7);
    assert.deepStrictEqual([told({}).bars, told({}).beats, told({bars: 1}).bars, told({bars: 1}).beats],
        [undefined, 7, 1, undefined], "one length: the request's own, else beats");
    world.client.set({bars: 3});
    world.hear("get/reply", "bars", 3);
    assert.deepStrictEqual([told({}).bars, told({}).beats], [3, undefined], "the bridge forgets the beats as well");
    assert.deepStrictEqual([told({bars: 1, beats: 2}).bars, told({bars: 1, beats: 2}).beats], [1, 2], "refused there");
});

test("takes that are taken back are one take", () => {
    const world = new World();
    world.client.set({takes: 3});
    world.hear("get/reply", "takes", 3);
    const [id, ends] = world.ask({options: {takes: "auto"}});
    world.hear("ack", id, 0);
    world.hear("notes", id, 0, 0, 1, 1, ...NOTE);
    world.hear("done", id, 0, 1, 16, 5, 1.5);
    assert.strictEqual(ends.length, 1);
});

test("of a context longer than the bridge takes go the last notes before the answer", () => {
    const sent = (options) => {
        const world = new World();
        world.ask({notes: notes(10000), options});
        world.wait(100);
        const chunks = world.sent.filter((message) => message[0] === "/antiphon/context");
        const starts = chunks.flatMap((message) => message.slice(5).filter((_, at) => at % 5 === 1));
        return [chunks.length, starts.length, starts[0], starts.at(-1)];
    };
    assert.deepStrictEqual(sent({}), [86, 4096, 5904 / 4, 9999 / 4]);
    assert.deepStrictEqual(sent({start: 2000}), [86, 4096, 2000 - 1024, 2000 - 0.25]);
    assert.deepStrictEqual(sent({start: "300"}), [25, 1200, 0, 299.75]);
    assert.deepStrictEqual(sent({start: -1}), [86, 4096, 5904 / 4, 9999 / 4], "for the bridge to refuse");
});

test("options of the client's own are refused, in set as well", () => {
    for (const key of ["mode", "reply_port"]) {
        const world = new World(), refused = {code: "bad_args", message: `${key} is the client's own to choose`};
        const [, ends] = world.ask({options: {[key]: 9}});
        world.client.set({[key]: 9}, (error) => ends.push(error));
        assert.deepStrictEqual(ends, [], "later, as all answers");
        world.wait(0);
        assert.deepStrictEqual(ends, [refused, refused]);
        assert.deepStrictEqual(world.sent, []);
    }
});

test("closed in a callback, it says nothing more", () => {
    const world = new World(), heard = [];
    const leave = (error) => {
        heard.push(error.code);
        world.client.close();
    };
    world.client.status(leave);
    world.client.models(leave);
    world.wait(9000);
    assert.deepStrictEqual(heard, ["timeout"]);
});

test("takes in any order, doubled and with gaps, come once and whole", () => {
    const world = new World();
    const [id, ends] = world.ask({options: {takes: 2}});
    world.hear("ack", id, 0);
    world.hear("notes", id, 1, 0, 1, 1, ...NOTE);
    world.hear("done", id, 1, 1, 16, 6, 1.5);
    world.hear("done", id, 1, 1, 16, 6, 1.5);
    world.hear("done", id, 0, 49, 16, 5, 1.25);
    world.hear("notes", id, 0, 1, 2, 1, 72, 4, 1, 80, 0);
    assert.deepStrictEqual(ends, []);
    assert.deepStrictEqual(world.wait(400), [["/antiphon/resend", id, 0, 0]]);
    world.hear("notes", id, 0, 0, 2, 48, ...Array(48).fill(NOTE).flat());
    assert.strictEqual(ends.length, 1);
    assert.deepStrictEqual(ends[0].map((take) => [take.index, take.notes.length, take.seed]), [[0, 49, 5], [1, 1, 6]]);
    assert.strictEqual(ends[0][0].notes[48].pitch, 72);
    world.hear("notes", id, 0, 0, 2, 1, ...NOTE);
    assert.strictEqual(ends.length, 1);
    assert.deepStrictEqual(world.wait(6000), [], "nothing is left to do");
});

test("a number of takes that the bridge refuses is no answer without takes", () => {
    for (const takes of [0, -1, 2.5, "abc", NaN]) {
        const world = new World();
        const [id, ends] = world.ask({notes: notes(2), options: {takes}});
        assert.strictEqual(world.hear("ack", id, 0).length, 1);
        world.hear("ack", id, 0);
        world.hear("progress", id, 0.5);
        assert.deepStrictEqual(ends, []);
        world.hear("fail", id, "bad_args", "takes must be in range 1..16");
        assert.deepStrictEqual(ends, [{code: "bad_args", message: "takes must be in range 1..16"}]);
    }
});

test("takes may be told as text", () => {
    const world = new World();
    const [id, ends] = world.ask({options: {takes: "2"}});
    [0, 1].forEach((take) => {
        assert.deepStrictEqual(ends, []);
        world.hear("notes", id, take, 0, 1, 1, ...NOTE);
        world.hear("done", id, take, 1, 4, 7, 0.5);
    });
    assert.strictEqual(ends[0].length, 2);
});

test("a take without notes is a take", () => {
    const world = new World();
    const [id, ends] = world.ask();
    world.hear("ack", id, 0);
    world.hear("done", id, 0, 0, 16, 5, 0);
    world.hear("notes", id, 0, 0, 1, 0);
    assert.deepStrictEqual(ends[0][0].notes, []);
});

test("single notes are heard once each, and missing ones asked for by index", () => {
    const world = new World(), heard = [];
    const [id, ends] = world.ask({single: true, note: (take, index) => heard.push(index)});
    world.hear("ack", id, 0);
    for (const index of [0, 2, 2]) world.hear("note", id, 0, index, ...NOTE);
    world.hear("done", id, 0, 4, 16, 5, 1);
    assert.deepStrictEqual(world.wait(400), [["/antiphon/resend", id, 0, 1, 3]]);
    for (const index of [3, 1]) world.hear("note", id, 0, index, ...NOTE);
    assert.deepStrictEqual(heard, [0, 2, 3, 1]);
    assert.strictEqual(ends[0][0].notes.length, 4);
});

for (const begins of [false, true]) test(`a request the bridge ${begins ? "knows no more" : "never got"} is asked anew`, () => {
    const world = new World();
    const [id, ends] = world.ask({notes: notes(3)});
    const [request] = world.hear("ack", id, 0);
    world.hear("ack", id, 0); // which may be a late one of the context
    if (begins) world.hear("progress", id, 0.5);
    assert.deepStrictEqual(world.wait(400), [["/antiphon/resend", id, 0]]);
    for (let times = 0; times < 2; times++) {
        assert.deepStrictEqual(world.hear("fail", id, "bad_args", "nothing is kept"), []);
    }
    assert.deepStrictEqual(world.wait(400), [request]);
    world.hear("fail", id, "bad_args", "bars 0 must be in range");
    assert.deepStrictEqual(ends, [{code: "bad_args", message: "bars 0 must be in range"}]);
});

for (const times of [1, 2]) {
    test(`a context that the bridge has lost is sent once more, ${times} times lost`, () => {
        const world = new World(), [id, ends] = world.ask({notes: notes(1)});
        const [context] = world.sent, [request] = world.hear("ack", id, 0);
        assert.deepStrictEqual([context[0], request[0]], ["/antiphon/context", "/antiphon/continue"]);
        assert.deepStrictEqual(world.hear("fail", id, "no_context", "send it first"), [context]);
        assert.deepStrictEqual(world.hear("fail", id, "no_context", "send it first"), [], "it came twice");
        assert.deepStrictEqual(world.hear("ack", id, 0), [request]);
        if (times === 1) {
            world.hear("ack", id, 0);
            world.hear("notes", id, 0, 0, 1, 1, 60, 4, 1, 80, 0);
            world.hear("done", id, 0, 1, 8, 3, 1.5);
            assert.strictEqual(ends[0][0].notes.length, 1);
        } else {
            world.hear("fail", id, "no_context", "send it first");
            assert.strictEqual(ends[0].code, "no_context");
        }
    });
}

test("after five silent seconds a request is given up, but not while there is progress", () => {
    const world = new World(), fractions = [];
    const [id, ends] = world.ask({progress: (fraction) => fractions.push(fraction)});
    for (let i = 0; i < 5; i++) {
        world.wait(4000);
        world.hear("progress", id, i / 5);
    }
    assert.deepStrictEqual([ends.length, fractions.length], [0, 5]);
    world.wait(5300);
    assert.strictEqual(ends[0].code, "timeout");
    assert.match(ends[0].message, /antiphon serve/);
});

for (const [what, ms] of [["held up for a minute", 60000], ["whose clock is put back by an hour", -3600000]]) {
    test(`a program ${what} asks again, and gives up after five silent seconds of its own`, () => {
        const world = new World(), heard = [];
        const [id, ends] = world.ask();
        world.client.status((error) => heard.push(error.code));
        const resend = ["/antiphon/resend", id, 0];
        world.hear("ack", id, 0);
        world.jump(ms);
        assert.deepStrictEqual(world.wait(0), [], "what came meanwhile may yet have to be received");
        assert.ok(world.wait(400).some((message) => message.join() === resend.join()));
        assert.deepStrictEqual([ends, heard], [[], []]);
        world.jump(ms);
        world.hear("progress", id, 0.5); // before a timer could tell
        assert.ok(world.wait(700).some((message) => message.join() === resend.join()));
        assert.deepStrictEqual([ends, heard], [[], []]);
        world.wait(5000);
        assert.deepStrictEqual([ends.map((error) => error.code), heard], [["timeout"], ["timeout"]]);
    });
}

test("cancel ends with cancelled, and a failure with the bridge's own words", () => {
    const world = new World();
    const [id, ends] = world.ask();
    const [other, others] = world.ask({options: {brs: 1}});
    world.client.cancel(id);
    world.hear("fail", id, "cancelled", "cancelled as asked");
    world.hear("fail", other, "bad_args", "no option 'brs'; did you mean 'bars'?");
    assert.strictEqual(ends[0].code, "cancelled");
    assert.deepStrictEqual(others[0], {code: "bad_args", message: "no option 'brs'; did you mean 'bars'?"});
});

test("lists wait for all of their lines; a closed client says nothing more", () => {
    const world = new World(), found = [];
    world.client.models((error, list) => found.push(list));
    world.hear("models/done", 2);
    world.hear("model", "folk", "Tunes", "generate,continue", "melody", 3.5);
    assert.deepStrictEqual(found, []);
    world.hear("model", "folk", "Tunes", "generate,continue", "melody", 3.5);
    world.hear("model", "drums", "Grooves", "generate", "kit", 4);
    world.hear("models/done", 2);
    assert.deepStrictEqual(found[0].map((model) => model.name), ["folk", "drums"]);
    world.client.status(() => found.push("status"));
    world.client.close();
    assert.deepStrictEqual(world.wait(9000), []);
    assert.strictEqual(found.length, 1);
});
