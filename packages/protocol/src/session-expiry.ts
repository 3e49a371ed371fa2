/**
 * For how many seconds a broker keeps the session of a device or gateway that is away: for good (MQTT 5, 3.1.2.11.2), until
 * a gateway ends it because the device was let out, or because it has taken over from the gateway.
 *
 * mosquitto 2.0 enters sessions that can end into a list. When it reads its files anew it enters those of clients that are
 * away once more, and the first entry outlives what it points to: from then on it may end the session of whoever has just
 * connected, each time, for the whole fleet. Sessions that never end are not in that list.
 */
export const SESSION_EXPIRY_S = 0xffff_ffff;
