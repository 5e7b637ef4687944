/** A mark on a post is looked up by the chat's own handle of that post. */
export const marks = ['CREATE INDEX delivery_handle ON delivery (place_id, handle)'];
