-- ardour7-lua make.lua FOLDER: a session with one MIDI track.
local folder = arg[1]
local session = create_session (folder, "test", 48000)
assert (session, "no session was made")
local one = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
session:new_midi_track (one, one, true, ARDOUR.PluginInfo (), nil, nil, 1, "tune",
	ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
session:save_state ("", false, false, false, false, false)
close_session ()
quit ()
