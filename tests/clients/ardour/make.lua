-- ardour7-lua or ardour8-lua make.lua FOLDER: a session with one MIDI track.
local folder = arg[1]
local session = create_session (folder, "test", 48000)
assert (session, "no session was made")
local one = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
-- "No group" is an object in Ardour 9, and nil, which crashes that, in those before.
local is_object, no_group = pcall (function () return ARDOUR.RouteGroup () end)
session:new_midi_track (one, one, true, ARDOUR.PluginInfo (), nil, is_object and no_group or nil, 1, "tune",
	ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true, true)
session:save_state ("", false, false, false, false, false)
close_session ()
io.stderr:write ("saved\n")
quit ()
