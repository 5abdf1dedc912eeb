// Live's API as far as the devices use it, on a set of tracks with slots, written from its documentation. It refuses
// what Live refuses: use before live.thisdevice, a change outside an undo step, notes of one pitch that overlap.
"use strict";

let ids = 0;
let loaded = false;
let steps = 0;
let open = false;
const objects = new Map();

function made(type, parent, values) {
    const object = {type, parent, id: String(++ids), values};
    objects.set(object.id, object);
    return object;
}

function clip(parent, length, notes = [], more = {}) {
    return made("Clip", parent, {
        is_midi_clip: 1, looping: 1, loop_start: 0, loop_end: length, start_marker: 0, end_marker: length,
        signature_numerator: 4, signature_denominator: 4, name: "", start_time: 0,
        notes: notes.map(([pitch, start, duration, velocity = 80, mute = 0]) => (
            {pitch, start_time: start, duration, velocity, mute})), ...more,
    });
}

let set = null;

function build(told) {
    set = made("Song", null, {tempo: 120, signature_numerator: 4, signature_denominator: 4, root_note: 0,
        scale_intervals: [0, 2, 4, 5, 7, 9, 11], scale_name: "Major", is_playing: 0, current_song_time: 0, loop: 0,
        loop_start: 16, loop_length: 6,
        ...(told.version === "11.0" ? {} : {start_time: 24}),
        ...told.song});
    set.tracks = told.tracks.map((slots) => {
        const track = made("Track", set, {});
        track.arrangement = [];
        track.slots = slots.map((content) => {
            const slot = made("ClipSlot", track, {});
            slot.clip = content ? clip(slot, content.length, content.notes, content.more) : null;
            return slot;
        });
        return track;
    });
    const [track, slot] = told.shown || [];
    set.shown = told.shown ? set.tracks[track].slots[slot].clip : null;
    const rack = told.rack ? made("Chain", made("RackDevice", set.tracks[0], {}), {}) : set.tracks[0];
    set.device = made("Device", rack, {});
}

function at(path) {
    const words = path.split(" ").filter(Boolean);
    if (words[0] === "id") return objects.get(words[1]);
    if (path === "live_set") return set;
    if (path === "live_set view detail_clip") return set.shown;
    if (path === "this_device") return set.device;
    if (path === "this_device canonical_parent") return set.device.parent;
    const [, , track, kind, index] = words;
    const found = set.tracks[Number(track)];
    if (words.length === 3) return found;
    return (kind === "clip_slots" ? found.slots : found.arrangement)[Number(index)];
}

function pathOf(object) {
    if (object.type === "Song") return "live_set";
    if (!["Track", "ClipSlot"].includes(object.type)) return "";
    if (object.type === "Track") return `live_set tracks ${set.tracks.indexOf(object)}`;
    return `live_set tracks ${set.tracks.indexOf(object.parent)} clip_slots ${object.parent.slots.indexOf(object)}`;
}

function change() {
    if (!open) throw new Error("a change outside an undo step");
}

const FUNCTIONS = {
    begin_undo_step() { open = true; },
    end_undo_step() { open = false; steps++; },
    create_scene() {
        change();
        set.tracks.forEach((track) => track.slots.push(Object.assign(made("ClipSlot", track, {}), {clip: null})));
    },
    create_clip(slot, length) {
        change();
        if (slot.clip) throw new Error("the slot has a clip");
        slot.clip = clip(slot, length);
    },
    delete_clip(from, word, id) {
        change();
        if (from.type === "ClipSlot") {
            objects.delete(from.clip.id);
            from.clip = null;
        } else {
            from.arrangement = from.arrangement.filter((other) => other.id !== String(id));
        }
    },
    duplicate_clip_to_arrangement(track, word, id, time) {
        change();
        const source = objects.get(String(id));
        const copy = clip(track, source.values.loop_end, [], {name: source.values.name, start_time: time});
        copy.values.notes = source.values.notes.slice();
        track.arrangement.push(copy);
    },
    get_notes_extended(of, pitch, span, from, length) {
        const notes = of.values.notes.filter((n) => n.start_time >= from && n.start_time < from + length);
        return JSON.stringify({notes});
    },
    remove_notes_extended(of, pitch, span, from, length) {
        change();
        of.values.notes = of.values.notes.filter((n) => n.start_time < from || n.start_time >= from + length);
    },
    add_new_notes(to, {notes}) {
        change();
        for (const n of notes) {
            if (!(n.duration > 0) || n.velocity < 1 || n.velocity > 127) throw new Error("a note that Live refuses");
            for (const other of to.values.notes) {
                const apart = other.pitch !== n.pitch || other.start_time + other.duration <= n.start_time + 1e-6 ||
                    n.start_time + n.duration <= other.start_time + 1e-6;
                if (!apart) throw new Error("notes of one pitch overlap: Live deletes one");
            }
            to.values.notes.push({pitch: n.pitch, start_time: n.start_time, duration: n.duration, velocity: n.velocity});
        }
    },
};

class LiveAPI {
    constructor(path) {
        if (!loaded) throw new Error("LiveAPI before live.thisdevice");
        this.object = at(String(path)) || null;
        this.id = this.object ? this.object.id : "0";
        this.type = this.object ? this.object.type : "";
        this.info = this.object ? Object.keys(this.object.values).map((name) => `property ${name}`).join("\n") : "";
        this.unquotedpath = this.object && this.type !== "Clip" ? pathOf(this.object) : "";
    }
    get(property) {
        const o = this.object;
        if (!o) throw new Error(`${property} of an object that is gone`);
        if (property === "canonical_parent") return ["id", Number(o.parent.id)];
        if (property === "has_clip") return [o.clip ? 1 : 0];
        if (property === "clip") return ["id", o.clip ? Number(o.clip.id) : 0];
        if (!(property in o.values)) throw new Error(`${o.type} has no ${property}`);
        return [].concat(o.values[property]);
    }
    set(property, value) {
        change();
        if (!(property in this.object.values)) throw new Error(`${this.type} has no ${property}`);
        this.object.values[property] = value;
    }
    call(name, ...args) {
        const f = FUNCTIONS[name];
        return ["begin_undo_step", "end_undo_step", "create_scene"].includes(name) ? f() : f(this.object, ...args);
    }
    getcount(child) {
        return (child === "clip_slots" ? this.object.slots : this.object.arrangement).length;
    }
}

const dicts = new Map();

class Dict {
    constructor(name) {
        this.name = name || `u${++ids}`;
        if (!dicts.has(this.name)) dicts.set(this.name, "{}");
    }
    parse(text) {
        dicts.set(this.name, text);
    }
    stringify() {
        return dicts.get(this.name);
    }
}

exports.globals = (told) => {
    build(told);
    Object.entries(told.dicts || {}).forEach(([name, value]) => dicts.set(name, JSON.stringify(value)));
    return {LiveAPI, Dict};
};
/** What the user does meanwhile: delete a track, or put another clip, or none, into a slot. */
exports.user = ({gone, track, slot, content}) => {
    if (gone !== undefined) {
        objects.delete(set.tracks[gone].id);
        set.tracks.splice(gone, 1);
        return;
    }
    const place = set.tracks[track].slots[slot];
    if (place.clip) objects.delete(place.clip.id);
    if (set.shown === place.clip) set.shown = null;
    place.clip = content ? clip(place, content.length, content.notes, content.more) : null;
};
exports.load = () => { loaded = true; };
exports.dict = (name) => JSON.parse(dicts.get(name));
exports.snapshot = () => ({
    steps,
    open,
    dicts: Object.fromEntries([...dicts].map(([name, text]) => [name, JSON.parse(text)])),
    tracks: set.tracks.map((track) => ({
        slots: track.slots.map((slot) => slot.clip && slot.clip.values),
        arrangement: track.arrangement.map((one) => one.values),
    })),
});
