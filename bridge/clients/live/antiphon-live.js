// What is inside the device Antiphon: a clip of the set is continued. For the js object of Max for Live
// (ECMAScript 5).
//
// Inlet: what the controls say ("bars 4"), live.thisdevice's bang, and what udpreceive hears (/antiphon/...).
// Outlets: 0 to udpsend, 1 to udpreceive, 2 to pipe (notes in time), 3 the status line, 4 the menu of models,
// 5 the menu of verbs, 6 the seed.

autowatch = 0;
inlets = 1;
outlets = 7;

var TO_SEND = 0, TO_RECEIVE = 1, PLAY = 2, STATUS = 3, MODELS = 4, VERBS = 5, SEED = 6;
var NO_VERBS = ["resend", "cancel", "notify", "sync", "single"]; // what the bridge can do besides making notes
var ENDINGS = ["auto", "open", "closed"];
var TARGETS = ["Next slot", "After clip", "Arrangement", "Play"];

include("antiphon.js", this);

var values = {verb: "continue", model: "auto", bars: 4, temperature: 1, seed: 0, lock: 0, takes: 1, key: 1, low: 0,
    high: 127, target: 0, ending: 0};
var menus = {model: ["auto"], verb: ["continue", "generate"]};
var client = null;
var asked = null;  // the request under way: {id, job}
var last = null;   // {job, written}: what "again" repeats and replaces
var takes = [], shown = 0;

function status(text) {
    outlet(STATUS, "set", text);
}

function fail(text) {
    status(text);
    error("antiphon: " + text + "\n");
}

// ---- the bridge

// live.thisdevice: only now does the set exist.
function bang() {
    if (client) { client.close(); }
    asked = null;
    Antiphon.inMax({
        name: "live",
        send: function (address, args) { outlet(TO_SEND, [address].concat(args)); },
        listen: function (port) { outlet(TO_RECEIVE, "port", port); },
        client: function (found) { client = found; }
    }, function (problem, bridge) {
        if (problem) { return fail(problem.message); }
        status("ready, bridge " + bridge.version);
        // The menu's first two stay where they are: a saved set knows them by number.
        menus.verb = ["continue", "generate"].concat(bridge.capabilities.filter(function (verb) {
            return NO_VERBS.indexOf(verb) < 0 && verb !== "continue" && verb !== "generate";
        }));
        outlet(VERBS, ["_parameter_range"].concat(menus.verb));
        client.models(function (trouble, list) {
            if (trouble) { return fail(trouble.message); }
            menus.model = ["auto"].concat(list.map(function (model) { return model.name; }));
            outlet(MODELS, ["_parameter_range"].concat(menus.model));
        });
    });
}

// ---- the set

// What a menu stands at: it says an index, in a saved set before its entries are known.
function chosen(menu) {
    var value = values[menu];
    return typeof value === "number" ? menus[menu][value] || menus[menu][0] : value;
}

function song() {
    return new LiveAPI("live_set");
}

function number(api, property) {
    return Number(api.get(property)[0]);
}

function byId(id) {
    return new LiveAPI("id " + id);
}

function parentOf(api) {
    return byId(api.get("canonical_parent")[1]);
}

// The clip that is shown or selected; null where there is none with notes.
function clipShown() {
    var clip = new LiveAPI("live_set view detail_clip");
    return Number(clip.id) && number(clip, "is_midi_clip") ? clip : null;
}

// A clip's notes as they are heard, and where it ends, in beats of the clip.
function read(clip) {
    var looping = number(clip, "looping");
    var from = number(clip, looping ? "loop_start" : "start_marker");
    var to = number(clip, looping ? "loop_end" : "end_marker");
    var found = JSON.parse(clip.call("get_notes_extended", 0, 128, from, to - from)).notes;
    var notes = found.filter(function (n) { return !n.mute && n.start_time >= from; }).map(function (n) {
        return {pitch: n.pitch, start: n.start_time, duration: Math.min(n.duration, to - n.start_time),
            velocity: Math.max(1, Math.round(n.velocity)), part: 0};
    }).sort(function (a, b) { return a.start - b.start; }).slice(-4096); // as many as the bridge takes
    return {notes: notes, from: from, to: to};
}

function metreOf(api) {
    return {upper: number(api, "signature_numerator"), lower: number(api, "signature_denominator")};
}

var NOTES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

// The set's key as its tonic and pitch classes, as the bridge takes them; null where the set has none.
function keyOf(set) {
    var root = Number(set.get("root_note")[0]), steps = set.get("scale_intervals");
    if (isNaN(root) || !steps || !steps.length) { return null; }
    return NOTES[root] + " " + steps.map(function (step) { return (root + Number(step)) % 12; })
        .sort(function (a, b) { return a - b; }).join(",");
}

// ---- asking

function options(set, job) {
    var metre = job.metre.upper + "/" + job.metre.lower, model = chosen("model");
    var found = {temperature: values.temperature, takes: values.takes,
        tempo: Math.min(400, Math.max(10, number(set, "tempo"))), metre: metre, start: job.start};
    if (job.place && job.place.beats) { found.beats = job.place.beats; } else { found.bars = values.bars; }
    if (model !== "auto") { found.model = model; }
    if (values.low > 0) { found.low = values.low; }
    if (values.high < 127) { found.high = values.high; }
    if (values.ending) { found.ending = ENDINGS[values.ending]; }
    if (values.lock) { found.seed = values.seed; }
    if (values.key && keyOf(set)) { found.scale = keyOf(set); }
    return found;
}

function ask() {
    begin(null);
}

function again() {
    if (!last) { return fail("nothing has been asked for yet"); }
    begin(last);
}

// Ask; the answer takes the place of `former`'s, if any.
function begin(former) {
    if (!client) { return fail("the device is still loading"); }
    if (asked) { return fail("still working; Cancel stops it"); }
    var set = song(), job = former ? JSON.parse(JSON.stringify(former.job)) : jobNow(set);
    if (!job) { return; }
    if (lost(job)) { return fail(lost(job)); }
    var context = job.context, bar = beatsOf(job.metre);
    if (job.verb !== "generate" && !context.notes.length) { return fail("this clip has no notes to continue"); }
    job.length = job.place && job.place.beats || values.bars * bar;
    // Beats of the clip; the answer begins on its next barline.
    job.start = context ? context.from + Math.ceil((context.to - context.from) / bar - 1e-6) * bar : 0;
    asked = {job: job, former: former};
    status(job.place && job.place.beats ? "asking for the loop's " + round(job.length / bar) + " bars" : "asking");
    asked.id = client.request(job.verb, {
        notes: job.verb === "generate" ? undefined : context.notes,
        options: options(set, job),
        progress: function (fraction) { status(Math.round(fraction * 100) + " %"); },
        done: answered
    });
}

// What is to be done about the clip that is shown.
function jobNow(set) {
    var clip = clipShown(), job = {verb: chosen("verb"), target: TARGETS[values.target], context: null,
        metre: metreOf(set), clip: clip ? clip.id : 0, track: trackFor(clip), place: null};
    if (job.verb !== "generate" || job.target === "After clip") {
        if (!clip) { return fail("select a MIDI clip to continue"); }
        job.context = read(clip);
        job.metre = metreOf(clip);
    }
    if (job.target === "Arrangement") { job.place = selected(set); }
    return job;
}

// What is said where the place of an answer has been deleted, else null.
function lost(job) {
    if (job.target === "After clip") { return Number(byId(job.clip).id) ? null : "the continued clip is gone"; }
    return job.target === "Play" || Number(byId(job.track).id) ? null : "the track of the answer is gone";
}

function beatsOf(metre) { return metre.upper * 4 / metre.lower; }

// The track of a clip, else the device's own, as an id. The device may be in a rack, a clip in a take lane.
function trackFor(clip) {
    var here = parentOf(clip || new LiveAPI("this_device"));
    while (here.type !== "Track" && Number(here.id)) { here = parentOf(here); }
    return here.id;
}

function cancel() {
    if (asked) { client.cancel(asked.id); }
}

function answered(problem, found) {
    var job = asked.job, former = asked.former;
    asked = null;
    if (problem && problem.code === "cancelled") { return status("cancelled"); }
    if (problem) { return fail(problem.message); }
    takes = found;
    values.seed = takes[0].seed;
    outlet(SEED, "set", values.seed);
    put(job, 0, former ? former.written : null);
}

function next() {
    if (!last || takes.length < 2) { return fail("the last answer has no other takes"); }
    put(last.job, (shown + 1) % takes.length, last.written);
}

// Write a take as one undo step, in place of the clip or the notes that were `written` before.
function put(job, index, written) {
    if (lost(job)) { return fail(lost(job)); }
    var set = song();
    shown = index;
    if (job.target === "Play") {
        last = {job: job, written: null};
        play(set, takes[index], job);
    } else {
        set.call("begin_undo_step");
        try {
            last = {job: job, written: WRITERS[job.target](set, job, separated(takes[index].notes), written)};
        } finally {
            set.call("end_undo_step");
        }
    }
    status(takes[index].notes.length + " notes, seed " + takes[index].seed +
        (takes.length > 1 ? ", take " + (index + 1) + " of " + takes.length : ""));
}

// Live deletes what overlaps at one pitch: cut notes where the next of their pitch begins.
function separated(notes) {
    var ends = {}, kept = [];
    notes.slice().sort(function (a, b) { return b.start - a.start; }).forEach(function (n) {
        var end = Math.min(n.start + n.duration, ends[n.pitch] === undefined ? Infinity : ends[n.pitch]);
        ends[n.pitch] = n.start;
        if (end > n.start) {
            kept.unshift({pitch: n.pitch, start: n.start, duration: end - n.start, velocity: n.velocity});
        }
    });
    return kept;
}

function add(clip, notes, moved) {
    clip.call("add_new_notes", {notes: notes.map(function (n) {
        return {pitch: n.pitch, start_time: n.start - moved, duration: n.duration, velocity: n.velocity, mute: 0,
            probability: 1};
    })});
}

function filled(slot, job, notes) {
    slot.call("create_clip", job.length);
    var clip = byId(slot.get("clip")[1]);
    clip.set("name", "Antiphon " + takes[shown].seed);
    add(clip, notes, job.start);
    return clip;
}

// The first free slot of the track below the clip's; a scene is added where there is none.
function freeSlot(set, job) {
    var track = byId(job.track), count = track.getcount("clip_slots"), first = 0, index, slot;
    for (index = 0; index < count; index++) {
        slot = new LiveAPI(track.unquotedpath + " clip_slots " + index);
        if (number(slot, "has_clip") && Number(slot.get("clip")[1]) === Number(job.clip)) { first = index + 1; }
    }
    for (index = first; index < count; index++) {
        slot = new LiveAPI(track.unquotedpath + " clip_slots " + index);
        if (!number(slot, "has_clip")) { return slot; }
    }
    set.call("create_scene", -1);
    return new LiveAPI(track.unquotedpath + " clip_slots " + count);
}

var WRITERS = {
    "Next slot": function (set, job, notes, written) {
        var slot = written ? byId(written.slot) : null;
        if (slot && Number(slot.id) && number(slot, "has_clip")) {
            // Meanwhile the slot may have got another clip, or ours a name: that one stays.
            if (isOurs(byId(slot.get("clip")[1]))) { slot.call("delete_clip"); } else { slot = null; }
        }
        if (!slot || !Number(slot.id)) { slot = freeSlot(set, job); }
        filled(slot, job, notes);
        return {slot: slot.id};
    },
    "After clip": function (set, job, notes, written) {
        var clip = byId(job.clip), end = job.start + job.length;
        var gap = job.start - job.context.to; // up to its next barline; notes hidden there would be heard
        clip.call("remove_notes_extended", 0, 128, job.context.to,
            gap + Math.max(job.length, written ? written.length : 0));
        clip.set("end_marker", end);
        if (number(clip, "looping")) { clip.set("loop_end", end); }
        add(clip, notes, 0);
        return {length: job.length};
    },
    // Live's functions make no arrangement clip from nothing: it is made in a slot, copied and taken away again.
    "Arrangement": function (set, job, notes, written) {
        var track = byId(job.track), slot = freeSlot(set, job);
        var clip = filled(slot, job, notes);
        if (written) { deleteAt(track, written.at); }
        track.call("duplicate_clip_to_arrangement", "id", clip.id, job.place.at);
        slot.call("delete_clip");
        return {at: job.place.at};
    }
};

// The time selection. It begins where playing would start, as does the insert marker; Live 11.0 does not tell, there it
// is the loop brace's beginning. How long it is, no Live tells: but a loop that begins there too was made of it (Loop
// Selection), or is meant just as well.
function selected(set) {
    var loop = number(set, "loop_start");
    var at = (/\bstart_time\b/).test(set.info) ? number(set, "start_time") : loop;
    var isLooped = number(set, "loop") && Math.abs(loop - at) < 1e-6;
    return {at: at, beats: isLooped ? number(set, "loop_length") : 0};
}

function round(value) { return Math.round(value * 100) / 100; }

function isOurs(clip) {
    return (/^Antiphon /).test(clip.get("name")[0]);
}

// Delete the arrangement clip of ours that begins at a time.
function deleteAt(track, at) {
    for (var index = track.getcount("arrangement_clips") - 1; index >= 0; index--) {
        var clip = new LiveAPI(track.unquotedpath + " arrangement_clips " + index);
        if (Math.abs(number(clip, "start_time") - at) < 1e-6 && isOurs(clip)) {
            track.call("delete_clip", "id", clip.id);
        }
    }
}

// Notes in time: from the next bar while the set plays, at once while it does not.
function play(set, take, job) {
    var ms = 60000 / number(set, "tempo"), wait = 0;
    if (number(set, "is_playing")) {
        var bar = beatsOf(metreOf(set)), now = number(set, "current_song_time");
        wait = Math.ceil(now / bar - 1e-6) * bar - now;
    }
    outlet(PLAY, "clear");
    separated(take.notes).forEach(function (n) {
        outlet(PLAY, n.pitch, n.velocity, n.duration * ms, (n.start - job.start + wait) * ms);
    });
}

function stop() {
    outlet(PLAY, "clear");
}

// ---- what the controls and the network say

function anything() {
    var args = arrayfromargs(arguments);
    if (messagename.charAt(0) === "/") {
        if (client) { client.receive(messagename, args); }
    } else if (values[messagename] !== undefined) {
        values[messagename] = args[0];
    } else {
        fail("no message " + messagename);
    }
}

function notifydeleted() {
    if (client) { client.close(); }
}
