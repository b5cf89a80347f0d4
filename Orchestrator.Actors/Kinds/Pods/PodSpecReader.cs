using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Reads a pod's <c>spec</c> in one pass, since the scheduler and the controllers read every version of every pod.</summary>
/// <remarks>Parts with a form of their own that few pods have (affinity, spreading) are read from a document of that part alone.</remarks>
internal ref struct PodSpecReader
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    private readonly ReadOnlySpan<byte> _json;
    private readonly ArrayBufferWriter<byte> _placed;
    private ImmutableArray<ContainerPortView> _ports = [];
    private ImmutableArray<ContainerPortView> _sidecarPorts = [];
    private ResourceAmounts _overhead = ResourceAmounts.Zero;
    private PodRequests _requests = PodRequests.None;
    private string _nodeName = "";
    private string _schedulerName = "";
    private int _priority;
    private bool _preemptsNobody;
    private string _restartPolicy = "Always";
    private bool _hostNetwork;
    private string _hostname = "";
    private string _subdomain = "";
    private long? _activeDeadlineSeconds;
    private ImmutableArray<string> _schedulingGates = [];
    private ImmutableArray<Toleration> _tolerations = [];
    private ImmutableArray<string> _images = [];
    private ImmutableArray<PodClaim> _claims = [];
    private PodPlacement _placement = PodPlacement.Anywhere;

    /// <param name="json">What the reader that <see cref="Read"/> gets walks from the first byte.</param>
    public PodSpecReader(ReadOnlySpan<byte> json)
    {
        _json = json;
        _placed = _scratch ??= new ArrayBufferWriter<byte>(4096);
        _placed.ResetWrittenCount();
    }

    /// <summary>Reads the spec; the reader stands on the brace and is left on the other.</summary>
    public PodSpecView Read(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.ReadName(ref reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (ReadPlacing(ref reader, name)) Append(name, start, ref reader);
            else ReadOther(ref reader, name);
        }
        return new PodSpecView
        {
            NodeName = _nodeName,
            SchedulerName = _schedulerName,
            Priority = _priority,
            PreemptsNobody = _preemptsNobody,
            RestartPolicy = _restartPolicy,
            HostNetwork = _hostNetwork,
            Hostname = _hostname,
            Subdomain = _subdomain,
            ActiveDeadlineSeconds = _activeDeadlineSeconds,
            SchedulingGates = _schedulingGates,
            Tolerations = _tolerations,
            Requests = _requests.Total.Plus(_overhead),
            Ports = Ports(),
            Images = _images,
            Placement = _placement,
            Claims = _claims,
            // The scheduler looks for equals of a pod that has no node.
            Placed = _nodeName.Length == 0 ? _placed.WrittenSpan.ToArray() : [],
        };
    }

    /// <summary>The ports of all that keeps running: the containers' and then the sidecars'.</summary>
    private readonly ImmutableArray<ContainerPortView> Ports()
    {
        var ports = _ports.AddRange(_sidecarPorts);
        // On the host's network each port is one of the host's.
        return _hostNetwork ? [.. ports.Select(static p => p.HostPort == 0 ? p with { HostPort = p.ContainerPort } : p)] : ports;
    }

    // What decides where the pod may run, and so belongs to the equivalence key.
    private bool ReadPlacing(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case "nodeName": _nodeName = Text(ref reader); return true;
            case "schedulerName": _schedulerName = Text(ref reader); return true;
            case "priority": _priority = (int)(Number(ref reader) ?? 0); return true;
            case "hostNetwork": _hostNetwork = reader.TokenType == JsonTokenType.True; return true;
            case "tolerations": _tolerations = Toleration.ReadAll(ref reader); return true;
            case "resources": reader.Skip(); return true;
            case "overhead": _overhead = ResourceAmounts.Read(ref reader, ResourceAmounts.Zero); return true;
            case "nodeSelector" or "affinity" or "topologySpreadConstraints":
                using (var part = JsonDocument.ParseValue(ref reader))
                {
                    _placement = name switch
                    {
                        "nodeSelector" => _placement.WithNodeSelector(part.RootElement),
                        "affinity" => _placement.WithAffinity(part.RootElement),
                        _ => _placement.WithSpread(part.RootElement),
                    };
                }
                return true;
            default: return false;
        }
    }

    private void ReadOther(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case "preemptionPolicy": _preemptsNobody = Text(ref reader) == "Never"; break;
            case "containers": ReadContainers(ref reader, init: false); break;
            case "initContainers": ReadContainers(ref reader, init: true); break;
            case "volumes": ReadVolumes(ref reader); break;
            case "restartPolicy" when reader.TokenType == JsonTokenType.String: _restartPolicy = Text(ref reader) is { Length: > 0 } policy ? policy : "Always"; break;
            case "hostname": _hostname = Text(ref reader); break;
            case "subdomain": _subdomain = Text(ref reader); break;
            case "activeDeadlineSeconds": _activeDeadlineSeconds = Number(ref reader); break;
            case "schedulingGates":
                using (var gates = JsonDocument.ParseValue(ref reader)) _schedulingGates = gates.RootElement.Map(static g => g.Text("name"));
                break;
            default: reader.Skip(); break;
        }
    }

    private void ReadContainers(ref Utf8JsonReader reader, bool init)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return;
        Append(init ? "init" : "containers");
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var image = "";
            var sidecar = false;
            var requests = ResourceAmounts.Zero;
            ImmutableArray<ContainerPortView> ports = [];
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = RecentStrings.ReadName(ref reader);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                switch (name)
                {
                    case "image": image = Text(ref reader); break;
                    case "restartPolicy": sidecar = init && Text(ref reader) == "Always"; break;
                    case "resources": requests = PodRequests.OfContainer(ref reader); break;
                    case "ports":
                        using (var part = JsonDocument.ParseValue(ref reader)) ports = part.RootElement.Map(ContainerPortView.Read);
                        break;
                    default: reader.Skip(); continue;
                }
                Append(name, start, ref reader);
            }
            Append("end");
            if (!init)
            {
                _requests = _requests.WithContainer(requests);
                _images = _images.Add(image);
                _ports = _ports.AddRange(ports);
            }
            else
            {
                _requests = _requests.WithInitContainer(requests, sidecar);
                if (sidecar) _sidecarPorts = _sidecarPorts.AddRange(ports);
            }
        }
    }

    private void ReadVolumes(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string volume = "", claim = "";
            var own = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = RecentStrings.ReadName(ref reader);
                reader.Read();
                if (name == "name") volume = Text(ref reader);
                else if (name == "ephemeral") own = reader.TokenType != JsonTokenType.Null;
                else if (name == "persistentVolumeClaim" && reader.TokenType == JsonTokenType.StartObject) claim = ReadClaimName(ref reader);
                reader.Skip();
            }
            if (claim.Length > 0) _claims = _claims.Add(new PodClaim(claim, false));
            else if (own) _claims = _claims.Add(new PodClaim(volume, true));
        }
    }

    private static string ReadClaimName(ref Utf8JsonReader reader)
    {
        using var part = JsonDocument.ParseValue(ref reader);
        return part.RootElement.Text("claimName");
    }

    /// <summary>A string, or empty for what is none.</summary>
    internal static string Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String) return RecentStrings.Read(ref reader);
        reader.Skip();
        return "";
    }

    private static long? Number(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number)) return number;
        reader.Skip();
        return null;
    }

    private readonly void Append(string value)
    {
        Encoding.UTF8.GetBytes(value, _placed);
        _placed.Write("\n"u8);
    }

    private readonly void Append(string name, int start, ref Utf8JsonReader reader)
    {
        Append(name);
        _placed.Write(_json[start..(int)reader.BytesConsumed]);
        _placed.Write("\n"u8);
    }
}
