using Akka.Configuration;

namespace Akka.Remote;

/// <summary>The keys of <c>akka.remote</c> that are honoured, read once.</summary>
internal sealed class RemoteSettings
{
    public RemoteSettings(Config config)
    {
        var remote = config.GetConfig("akka.remote");
        var tcp = config.GetConfig("akka.remote.dot-netty.tcp");
        StartupTimeout = remote.GetTimeSpan("startup-timeout", TimeSpan.FromSeconds(10));
        ShutdownTimeout = remote.GetTimeSpan("shutdown-timeout", TimeSpan.FromSeconds(10));
        FlushWait = remote.GetTimeSpan("flush-wait-on-shutdown", TimeSpan.FromSeconds(2));
        HandshakeTimeout = remote.GetTimeSpan("handshake-timeout", TimeSpan.FromSeconds(15));
        UsePassiveConnections = remote.GetBoolean("use-passive-connections", true);
        UntrustedMode = remote.GetBoolean("untrusted-mode");
        TrustedSelectionPaths = [.. remote.GetStringList("trusted-selection-paths", [])];
        LogReceive = remote.GetBoolean("log-received-messages");
        LogSend = remote.GetBoolean("log-sent-messages");
        LogLifecycleEvents = remote.GetBoolean("log-remote-lifecycle-events", true);
        LogBufferSizeExceeding = remote.GetInt("log-buffer-size-exceeding", 50_000);
        OutboundQueueSize = remote.GetInt("outbound-message-queue-size", 100_000);
        RetryGateClosedFor = remote.GetTimeSpan("retry-gate-closed-for", TimeSpan.FromSeconds(5));
        SystemMessageBufferSize = remote.GetInt("system-message-buffer-size", 20_000);
        SystemMessageAckDelay = remote.GetTimeSpan("system-message-ack-piggyback-timeout", TimeSpan.FromMilliseconds(300));
        ResendInterval = remote.GetTimeSpan("resend-interval", TimeSpan.FromSeconds(2));
        ResendLimit = remote.GetInt("resend-limit", 200);
        InitialSystemMessageTimeout = remote.GetTimeSpan("initial-system-message-delivery-timeout", TimeSpan.FromMinutes(3));
        QuarantineAfterSilence = remote.GetTimeSpan("quarantine-after-silence", TimeSpan.FromDays(2));
        WatchFailureDetectorConfig = remote.GetConfig("watch-failure-detector");
        WatchHeartbeatInterval = remote.GetTimeSpan("watch-failure-detector.heartbeat-interval", TimeSpan.FromSeconds(1));
        WatchUnreachableReaperInterval =
            remote.GetTimeSpan("watch-failure-detector.unreachable-nodes-reaper-interval", TimeSpan.FromSeconds(1));
        WatchHeartbeatExpectedResponseAfter =
            remote.GetTimeSpan("watch-failure-detector.expected-response-after", TimeSpan.FromSeconds(1));
        TransportHeartbeatInterval = remote.GetTimeSpan("transport-failure-detector.heartbeat-interval", TimeSpan.FromSeconds(4));
        TransportAcceptablePause =
            remote.GetTimeSpan("transport-failure-detector.acceptable-heartbeat-pause", TimeSpan.FromSeconds(120));

        Hostname = tcp.GetString("hostname", "");
        Port = tcp.GetInt("port", 2552);
        PublicHostname = tcp.GetString("public-hostname", "");
        PublicPort = tcp.GetInt("public-port");
        ConnectionTimeout = tcp.GetTimeSpan("connection-timeout", TimeSpan.FromSeconds(15));
        MaximumFrameSize = SizeOf(tcp, "maximum-frame-size", 128_000, 32_000);
        SendBufferSize = SizeOf(tcp, "send-buffer-size", 256_000, 0);
        ReceiveBufferSize = SizeOf(tcp, "receive-buffer-size", 256_000, 0);
        Backlog = tcp.GetInt("backlog", 4096);
        TcpNoDelay = tcp.GetBoolean("tcp-nodelay", true);
        TcpKeepAlive = tcp.GetBoolean("tcp-keepalive", true);
        BatchWrites = tcp.GetBoolean("batching.enabled", true);
        EnableSsl = tcp.GetBoolean("enable-ssl");
        Ssl = EnableSsl ? new SslSettings(tcp.GetConfig("ssl")) : null;
    }

    public TimeSpan StartupTimeout { get; }
    public TimeSpan ShutdownTimeout { get; }
    public TimeSpan FlushWait { get; }
    public TimeSpan HandshakeTimeout { get; }
    public bool UsePassiveConnections { get; }
    public bool UntrustedMode { get; }
    public HashSet<string> TrustedSelectionPaths { get; }
    public bool LogReceive { get; }
    public bool LogSend { get; }
    public bool LogLifecycleEvents { get; }
    public int LogBufferSizeExceeding { get; }

    /// <summary>
    /// Messages that may wait for one peer (count); more are dropped to the dead letters. An extra key of ours
    /// (<c>akka.remote.outbound-message-queue-size</c>), since a queue without a bound ends in a full memory.
    /// </summary>
    public int OutboundQueueSize { get; }

    public TimeSpan RetryGateClosedFor { get; }
    public int SystemMessageBufferSize { get; }
    public TimeSpan SystemMessageAckDelay { get; }
    public TimeSpan ResendInterval { get; }
    public int ResendLimit { get; }
    public TimeSpan InitialSystemMessageTimeout { get; }
    public TimeSpan QuarantineAfterSilence { get; }
    public Config WatchFailureDetectorConfig { get; }
    public TimeSpan WatchHeartbeatInterval { get; }
    public TimeSpan WatchUnreachableReaperInterval { get; }
    public TimeSpan WatchHeartbeatExpectedResponseAfter { get; }
    public TimeSpan TransportHeartbeatInterval { get; }
    public TimeSpan TransportAcceptablePause { get; }
    public string Hostname { get; }
    public int Port { get; }
    public string PublicHostname { get; }
    public int PublicPort { get; }
    public TimeSpan ConnectionTimeout { get; }
    public int MaximumFrameSize { get; }
    public int SendBufferSize { get; }
    public int ReceiveBufferSize { get; }
    public int Backlog { get; }
    public bool TcpNoDelay { get; }
    public bool TcpKeepAlive { get; }
    public bool BatchWrites { get; }
    public bool EnableSsl { get; }
    public SslSettings? Ssl { get; }

    private static int SizeOf(Config config, string key, int ifMissing, int least)
    {
        var size = config.GetByteSize(key, ifMissing) ?? ifMissing;
        if (size < least || size > int.MaxValue / 2)
            throw new ConfigurationException($"akka.remote.dot-netty.tcp.{key} is {size}; it must be between {least} and {int.MaxValue / 2}.");
        return (int)size;
    }
}
