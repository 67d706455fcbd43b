-- Lists that the API and the pages give by time, newest first, over all assets of a community.

CREATE INDEX event_by_time ON event (at DESC, id DESC);
CREATE INDEX prediction_by_time ON prediction (as_of DESC, id DESC);
CREATE INDEX prediction_by_ticket ON prediction (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX complaint_by_community ON complaint (community_id, at DESC, id DESC);
CREATE INDEX complaint_by_ticket ON complaint (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX repair_by_ticket ON repair (ticket_id) WHERE ticket_id IS NOT NULL;
