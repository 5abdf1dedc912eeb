// What is inside [antiphon]: messages in, notes out. For the js object of Max 8 and 9 (ECMAScript 5).
//
// Inlet: messages of the abstraction, and what udpreceive hears (its messages begin with /antiphon/).
// Outlets: 0 to udpsend, 1 to udpreceive, 2 notes, 3 coll, 4 to pipe (notes in time), 5 status.

autowatch = 0;
inlets = 1;
outlets = 6;

var TO_SEND = 0, TO_RECEIVE = 1, NOTES = 2, COLL = 3, PLAY = 4, STATUS = 5;

include("antiphon.js", this);

var settings = {};      // the bridge's options that have been set, by name
var locked = false;     // whether the last seed is used again
var context = [];       // the notes to be continued
var asked = null;       // {verb, id}: the request under way
var last = null;        // {verb}: what "again" repeats
var takes = [];         // the last answer's
var shown = 0;          // which of them is shown
var lastSeed = null;
var bpm = 120;
var recording = null;   // {began, held}: notes that are being played in
var client = null;

setinletassist(0, "messages: continue, generate, note, set, again, next, play, cancel ...");
setoutletassist(TO_SEND, "to udpsend");
setoutletassist(TO_RECEIVE, "to udpreceive");
setoutletassist(NOTES, "notes: pitch start duration velocity part (beats)");
setoutletassist(COLL, "to coll");
setoutletassist(PLAY, "to pipe: pitch velocity duration channel delay (ms)");
setoutletassist(STATUS, "status: ready, progress, done, error ...");

function status() {
    outlet(STATUS, arrayfromargs(arguments));
}

function fail(text) {
    status("error", text);
    error("antiphon: " + text + "\n");
}

// ---- the bridge

function loadbang() {
    connect("127.0.0.1", 7374);
}

// connect [host] [port]: find the bridge there.
function connect(host, to) {
    if (client) { client.close(); }
    asked = null; // nobody waits for its answer any more
    outlet(TO_SEND, "host", host === undefined ? "127.0.0.1" : host);
    outlet(TO_SEND, "port", to === undefined ? 7374 : to);
    Antiphon.inMax({
        name: "max",
        send: function (address, args) { outlet(TO_SEND, [address].concat(args)); },
        listen: function (port) { outlet(TO_RECEIVE, "port", port); },
        client: function (found) { client = found; }
    }, function (problem, bridge) {
        if (problem) { return fail(problem.message); }
        status("ready", bridge.version);
        bridge.capabilities.forEach(function (verb) { status("verb", verb); });
    });
}

function models() {
    client.models(function (problem, list) {
        if (problem) { return fail(problem.message); }
        list.forEach(function (model) { status("model", model.name, model.title); });
    });
}

function params() {
    client.params(function (problem, list) {
        if (problem) { return fail(problem.message); }
        list.forEach(function (p) { status("param", p.key, p.type, p.min, p.max, p.def, p.doc); });
    });
}

// ---- settings

// set OPTION VALUE ...: the words of a value are one text, as in "set scale D dorian"; auto takes it back.
function set(key) {
    var words = arrayfromargs(arguments).slice(1);
    if (key === undefined || !words.length) { return fail("set needs an option and a value, as in: set bars 4"); }
    if (words.length === 1 && words[0] === "auto") {
        delete settings[key];
    } else {
        settings[key] = words.length === 1 ? words[0] : words.join(" ");
        // Of two lengths the last one counts: the bridge refuses a request with both.
        if (key === "bars") { delete settings.beats; }
        if (key === "beats") { delete settings.bars; }
    }
    if (key === "tempo") { tempo(Number(words[0]) || bpm); }
    notifyclients();
}

function get(key) {
    status("setting", key, settings[key] === undefined ? "auto" : settings[key]);
}

// lock 1: the last seed again, lock 0: a new one each time.
function lock(on) {
    locked = !!on;
    notifyclients();
}

// tempo BPM: for recording and playing.
function tempo(value) {
    if (!(value >= 10 && value <= 400)) { return fail("tempo " + value + " must be in range 10..400"); }
    bpm = value;
    notifyclients();
}

// Saved with the patcher (pattr) as one text.
function getvalueof() {
    return JSON.stringify({settings: settings, locked: locked, bpm: bpm, seed: lastSeed});
}

function setvalueof(text) {
    try {
        var kept = JSON.parse(text);
        settings = kept.settings || {};
        locked = !!kept.locked;
        bpm = kept.bpm || 120;
        lastSeed = kept.seed === undefined ? null : kept.seed;
    } catch (problem) {
        fail("these settings cannot be read: " + text);
    }
}

// ---- the context

// note PITCH START DURATION [VELOCITY] [PART]
function note(pitch, start, duration, velocity, part) {
    if (duration === undefined) { return fail("note needs pitch, start and duration, times in beats"); }
    context.push({pitch: pitch, start: start, duration: duration, velocity: velocity === undefined ? 80 : velocity,
        part: part === undefined ? 0 : part});
}

function clear() {
    context = [];
}

// record 1: what is played from now on is the context, record 0: that was all.
function record(on) {
    var now = new Date().getTime();
    if (on) {
        context = [];
        recording = {began: null, held: {}};
    } else if (recording) {
        Object.keys(recording.held).forEach(function (pitch) { release(Number(pitch), now); });
        recording = null;
        status("context", context.length);
    }
}

// midi PITCH VELOCITY: a key, while recording.
function midi(pitch, velocity) {
    var now = new Date().getTime();
    if (!recording) { return; }
    if (recording.held[pitch]) { release(pitch, now); }
    if (velocity > 0) {
        if (recording.began === null) { recording.began = now; }
        recording.held[pitch] = {at: now, velocity: velocity};
    }
}

function beats(ms) {
    return ms * bpm / 60000;
}

function release(pitch, now) {
    var key = recording.held[pitch];
    delete recording.held[pitch];
    note(pitch, beats(key.at - recording.began), Math.max(beats(now - key.at), 0.05), key.velocity, 0);
}

// ---- asking

// ask VERB: whatever the bridge can do; verbs that need notes get the context.
function ask(verb) {
    if (asked) { return fail("still working on the last request; cancel stops it"); }
    if (verb !== "generate" && !context.length) {
        return fail("there are no notes to " + verb + ": send note messages, or record some");
    }
    var options = {};
    Object.keys(settings).forEach(function (key) { options[key] = settings[key]; });
    if (locked && lastSeed !== null) { options.seed = lastSeed; }
    last = {verb: verb};
    asked = {verb: verb};
    asked.id = client.request(verb, {
        notes: verb === "generate" ? undefined : context,
        options: options,
        progress: function (fraction) { status("progress", fraction); },
        done: answered
    });
}

function answered(problem, found) {
    asked = null;
    if (problem && problem.code === "cancelled") { return status("cancelled"); }
    if (problem) { return fail(problem.message); }
    takes = found;
    lastSeed = takes[0].seed;
    notifyclients();
    show(0);
}

// `continue` is a word of JavaScript's own, so these two come by anything().
function anything() {
    var args = arrayfromargs(arguments);
    if (messagename.charAt(0) === "/") {
        if (client) { client.receive(messagename, args); }
    } else if (messagename === "continue" || messagename === "generate") {
        ask(messagename);
    } else {
        fail("no message " + messagename + "; the help shows all of them");
    }
}

function again() {
    if (last) { ask(last.verb); } else { fail("nothing has been asked for yet"); }
}

function cancel() {
    if (asked) { client.cancel(asked.id); }
}

// ---- the answer

// show INDEX: the notes of a take, from 0.
function show(index) {
    shown = index;
    var take = takes[index];
    outlet(COLL, "clear");
    take.notes.forEach(function (n, at) {
        outlet(NOTES, n.pitch, n.start, n.duration, n.velocity, n.part);
        outlet(COLL, at, n.pitch, n.start, n.duration, n.velocity, n.part);
    });
    status("done", take.notes.length, take.seed, take.endBeats, index, takes.length);
}

function next() {
    if (takes.length) { show((shown + 1) % takes.length); } else { fail("there is no answer yet"); }
}

function previous() {
    if (takes.length) { show((shown + takes.length - 1) % takes.length); } else { fail("there is no answer yet"); }
}

// play: the take that is shown, in time, from its first barline.
function play() {
    if (!takes.length) { return fail("there is no answer to play yet"); }
    // The first one to start need not be the first to come.
    var notes = takes[shown].notes, ms = 60000 / bpm;
    var first = Math.floor(notes.reduce(function (least, n) { return Math.min(least, n.start); }, Infinity));
    outlet(PLAY, "clear");
    notes.forEach(function (n) {
        outlet(PLAY, n.pitch, n.velocity, n.duration * ms, n.part + 1, (n.start - first) * ms);
    });
}

function stop() {
    outlet(PLAY, "clear");
}

function notifydeleted() {
    if (client) { client.close(); }
}
