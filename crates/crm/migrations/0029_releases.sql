-- Until when what a disabled webhook holds is being released, slice by slice, to enable it: nobody holds it again meanwhile.
ALTER TABLE webhooks ADD COLUMN releasing_until BIGINT;
