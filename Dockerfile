# One binary in a small image, run by a user without rights, with the plant in a volume.
# How it was checked: the machine this was written on has no container engine, so the image was NOT
# built there; the commands of its stages were run one by one in a clean directory instead
# (release build with --locked, start as an unprivileged user on a data directory of its own).
FROM node:22-bookworm AS ui
WORKDIR /ui
COPY assets/ui .
RUN npm ci && npm run build

FROM rust:1.92-bookworm AS build
WORKDIR /source
COPY . .
COPY --from=ui /ui/dist assets/ui/dist
RUN MILLWRIGHT_REQUIRE_UI=1 cargo build --release --locked && strip target/release/millwright

FROM debian:bookworm-slim
# Zones of plants are looked up in the system's database.
RUN apt-get update && apt-get install -y --no-install-recommends tzdata && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data millwright && install -d -o millwright -g millwright /data
COPY --from=build /source/target/release/millwright /usr/local/bin/millwright
USER millwright
VOLUME /data
EXPOSE 8080
ENV MILLWRIGHT_DATA=/data MILLWRIGHT_HTTP=0.0.0.0:8080
ENTRYPOINT ["millwright"]
CMD ["serve"]
