namespace Orchestrator.Node.Kubelet;

/// <summary>Where the kubelets of a process keep their journal, and how much of it.</summary>
public sealed record KubeletSettings
{
    /// <summary>The journal: a database of the node's own.</summary>
    public required string JournalPluginId { get; init; }

    public required string SnapshotPluginId { get; init; }

    /// <summary>The plugins of simulated nodes.</summary>
    /// <remarks>Their containers end with the process: what is remembered of them has to end with it as well.</remarks>
    public required string SimulatedJournalPluginId { get; init; }

    public required string SimulatedSnapshotPluginId { get; init; }

    /// <summary>Least number of events between two snapshots of a kubelet (count).</summary>
    public required int SnapshotAfterMin { get; init; }

    /// <summary>Events per pod between two snapshots of a kubelet (count).</summary>
    public required int SnapshotAfterPerPod { get; init; }

    /// <summary>The directory of log files that the node's endpoint serves under <c>/logs/</c>.</summary>
    /// <remarks>Source: kubelet, podLogsDir's parent: /var/log.</remarks>
    public string LogDirectory { get; init; } = "/var/log";

    /// <summary>The settings for the nodes of a runtime.</summary>
    public KubeletSettings For(bool simulated) => simulated
        ? this with { JournalPluginId = SimulatedJournalPluginId, SnapshotPluginId = SimulatedSnapshotPluginId }
        : this;
}
