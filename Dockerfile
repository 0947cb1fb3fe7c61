# memhooks and nothing else, for `make image`, which builds what is copied here.
# docs/running.md says how to run it.
FROM scratch
COPY ca-certificates.crt /etc/ssl/certs/
COPY LICENSE NOTICES.txt /
COPY memhooks /
COPY --chown=65532:65532 data /data

LABEL org.opencontainers.image.title="memhooks" \
      org.opencontainers.image.description="Memory writes as events: filtered, redacted, signed, delivered." \
      org.opencontainers.image.licenses="Apache-2.0"

ENV MEMHOOKS_ADDR=0.0.0.0:8080 MEMHOOKS_DATA=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --retries=3 CMD ["/memhooks", "health"]
ENTRYPOINT ["/memhooks"]
CMD ["serve"]
