using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>One entry of <c>status.conditions</c> of any kind.</summary>
public sealed record ConditionView(string Type, string Status, string Reason, string Message, DateTimeOffset? LastTransition)
{
    public static ImmutableArray<ConditionView> ReadAll(JsonElement status) => status.Map("conditions", Read);

    internal static ConditionView Read(JsonElement c) =>
        new(c.Text("type"), c.Text("status"), c.Text("reason"), c.Text("message"), KindTime.Read(c, "lastTransitionTime"));
}

/// <summary>A port that a container names or that takes a port of the host.</summary>
public sealed record ContainerPortView(string Name, int ContainerPort, int HostPort, string HostIP, string Protocol)
{
    internal static ContainerPortView Read(JsonElement port) => new(
        port.Text("name"), (int)port.Number("containerPort"), (int)port.Number("hostPort"), port.Text("hostIP"),
        port.Text("protocol") is { Length: > 0 } protocol ? protocol : "TCP");
}

/// <summary>What became of one container, as far as controllers care.</summary>
public sealed record ContainerStatusView(string Name, bool Ready, bool Running, int RestartCount, int? ExitCode, DateTimeOffset? FinishedAt)
{
    internal static ContainerStatusView Read(JsonElement c)
    {
        var terminated = c.Get("state", "terminated");
        return new ContainerStatusView(c.Text("name"), c.Flag("ready"), c.Get("state", "running").Exists(), (int)c.Number("restartCount"),
            terminated.Exists() ? (int)terminated.Number("exitCode") : null,
            terminated.Exists() ? KindTime.Read(terminated, "finishedAt") : null);
    }
}

/// <summary>A volume of a pod that a claim stands for.</summary>
/// <param name="Claim">The claim's name.</param>
/// <param name="Own">The claim is made for this pod, and goes with it.</param>
public sealed record PodClaim(string Claim, bool Own);

/// <summary>The parts of a pod that the scheduler and the controllers read; parsed once per version.</summary>
public sealed class PodView
{
    private static readonly RecentTexts<PodSpecView> Specs = new();

    private readonly PodSpecView _spec = PodSpecView.Empty;

    private PodView(StoredObject source)
    {
        Source = source;
        ReadOnlySpan<byte> json = source.ToArray();
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                source.ReadMeta(ref reader);
                continue;
            }
            var (isSpec, isStatus) = (reader.ValueTextEquals("spec"u8), reader.ValueTextEquals("status"u8));
            reader.Read();
            if (isSpec) _spec = ReadSpec(ref reader, ref json);
            else if (isStatus) ReadStatus(ref reader);
            else reader.Skip();
        }
        Meta = source.Meta;
        // The scheduler asks this of every pod that has no node yet.
        if (NodeName.Length == 0) EquivalenceKey = _spec.EquivalenceKey(Key.Namespace, Meta);
    }

    public StoredObject Source { get; }
    public ObjectMeta Meta { get; }
    public ObjectKey Key => Source.Key;
    public string Uid => Meta.Uid;

    public string NodeName => _spec.NodeName;
    public string SchedulerName => _spec.SchedulerName;
    public int Priority => _spec.Priority;

    /// <summary>The pod waits for room however important it is.</summary>
    public bool PreemptsNobody => _spec.PreemptsNobody;

    public string RestartPolicy => _spec.RestartPolicy;
    public bool HostNetwork => _spec.HostNetwork;
    public string Hostname => _spec.Hostname;
    public string Subdomain => _spec.Subdomain;
    public long? ActiveDeadlineSeconds => _spec.ActiveDeadlineSeconds;
    public ImmutableArray<string> SchedulingGates => _spec.SchedulingGates;
    public ImmutableArray<Toleration> Tolerations => _spec.Tolerations;

    /// <summary>What the pod takes from a node: the greater of init containers and containers, plus overhead.</summary>
    public ResourceAmounts Requests => _spec.Requests;

    public ImmutableArray<ContainerPortView> Ports => _spec.Ports;
    public ImmutableArray<string> Images => _spec.Images;
    public PodPlacement Placement => _spec.Placement;

    /// <summary>The claims that its volumes name or that are made for them.</summary>
    public ImmutableArray<PodClaim> Claims => _spec.ClaimsOf(Key.Name);

    public string Phase { get; private set; } = "Pending";
    public string Reason { get; private set; } = "";
    public ImmutableArray<ConditionView> Conditions { get; private set; } = [];
    public ImmutableArray<ContainerStatusView> Containers { get; private set; } = [];
    public string PodIP { get; private set; } = "";
    public string HostIP { get; private set; } = "";
    public DateTimeOffset? StartTime { get; private set; }
    public ImmutableArray<string> PodIPs { get; private set; } = [];
    public string NominatedNodeName { get; private set; } = "";

    public bool Terminating => Meta.Deleting;

    /// <summary>Phase Succeeded or Failed: it will run no more and takes no resources.</summary>
    public bool Finished => Phase is "Succeeded" or "Failed";

    /// <summary>Neither finished nor being deleted.</summary>
    public bool Active => !Finished && !Terminating;

    public bool Ready => Condition("Ready") is { Status: "True" };

    /// <summary>The most restarts of any container.</summary>
    public int RestartCount => Containers.IsEmpty ? 0 : Containers.Max(static c => c.RestartCount);

    public ConditionView? Condition(string type)
    {
        foreach (var condition in Conditions)
            if (condition.Type == type) return condition;
        return null;
    }

    /// <summary>Ready for at least <paramref name="minReadySeconds"/>.</summary>
    public bool Available(int minReadySeconds, DateTimeOffset now) =>
        Condition("Ready") is { Status: "True" } ready
        && (minReadySeconds == 0 || (ready.LastTransition is { } since && since.Plus(minReadySeconds) <= now));

    /// <summary>Equal for pods that the scheduler cannot tell apart: the same namespace, owner, labels, and what of the spec its rules read.
    /// Empty for a pod that has a node.</summary>
    /// <remarks>Not the whole spec: the volume with the pod's token has a name of its own in each pod.</remarks>
    public string EquivalenceKey { get; } = "";

    public static PodView Of(StoredObject o) => o.View(static o => new PodView(o));

    /// <summary>Reads the spec, or finds it known, and then reads on behind it.</summary>
    /// <param name="json">What the reader reads.</param>
    private static PodSpecView ReadSpec(ref Utf8JsonReader reader, ref ReadOnlySpan<byte> json)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return PodSpecView.Empty;
        var start = (int)reader.TokenStartIndex;
        if (Specs.TryFind(json[start..], out var known, out var length))
        {
            json = json[(start + length)..];
            reader = ObjectJson.ReadOn(json);
            return known;
        }
        var spec = new PodSpecReader(json).Read(ref reader);
        var text = json[start..(int)reader.BytesConsumed];
        if (Specs.IsAgain(text)) Specs.Add(text, spec);
        return spec;
    }

    private void ReadStatus(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.ReadName(ref reader);
            reader.Read();
            switch (name)
            {
                case "phase": Phase = PodSpecReader.Text(ref reader) is { Length: > 0 } phase ? phase : Phase; break;
                case "reason": Reason = PodSpecReader.Text(ref reader); break;
                case "podIP": PodIP = PodSpecReader.Text(ref reader); break;
                case "hostIP": HostIP = PodSpecReader.Text(ref reader); break;
                case "nominatedNodeName": NominatedNodeName = PodSpecReader.Text(ref reader); break;
                case "startTime": StartTime = KindTime.Parse(PodSpecReader.Text(ref reader)); break;
                case "conditions" or "podIPs" or "containerStatuses" or "initContainerStatuses":
                    using (var part = JsonDocument.ParseValue(ref reader)) ReadList(name, part.RootElement);
                    break;
                default: reader.Skip(); break;
            }
        }
    }

    private void ReadList(string name, JsonElement list)
    {
        switch (name)
        {
            case "conditions": Conditions = list.Map(ConditionView.Read); break;
            case "podIPs": PodIPs = list.Map(static p => p.Text("ip")); break;
            default: Containers = Containers.AddRange(list.Map(ContainerStatusView.Read)); break;
        }
    }
}
