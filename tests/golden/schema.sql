-- What the golden queries read. Small on purpose: every column here is in a committed file.
CREATE TYPE public.status AS ENUM ('open', 'paid');
CREATE TABLE public.regions (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE public.customers (id integer PRIMARY KEY, region_id integer NOT NULL REFERENCES public.regions, name text);
CREATE TABLE public.orders (
  id bigint PRIMARY KEY, customer_id integer NOT NULL, status public.status NOT NULL, amount numeric(10, 2) NOT NULL, weight double precision, note text);
CREATE INDEX ON public.orders (customer_id);
CREATE TABLE public.events (kind text, at timestamp, took interval, body json);
CREATE TABLE public.links (a integer, b integer);
CREATE VIEW public.open_orders AS SELECT id, customer_id, amount FROM public.orders WHERE status = 'open';
CREATE TABLE public.weather (sensor integer, at timestamp NOT NULL, value numeric);
CREATE INDEX ON public.weather (sensor, at);
