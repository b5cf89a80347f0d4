using System.Text.Json;
using Orchestrator.Actors.Scheduling;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>What a pod's containers ask of a node, container by container.</summary>
/// <param name="Running">The containers.</param>
/// <param name="Sidecars">The init containers that keep running beside them.</param>
/// <param name="Starting">The greatest moment before the containers run.</param>
/// <remarks>
/// Containers and sidecars run together, so they add up; an init container runs alone beside the sidecars started before it,
/// so only the greatest such moment counts. Example: app 100m, sidecar 50m, an init container behind the sidecar 200m:
/// max(100+50, 200+50) = 250m. Source: k8s.io/component-helpers, resource.PodRequests.
/// </remarks>
public readonly record struct PodRequests(ResourceAmounts Running, ResourceAmounts Sidecars, ResourceAmounts Starting)
{
    public static PodRequests None { get; } = new(ResourceAmounts.Zero, ResourceAmounts.Zero, ResourceAmounts.Zero);

    public ResourceAmounts Total => Running.Plus(Sidecars).Max(Starting);

    public PodRequests WithContainer(ResourceAmounts requests) => this with { Running = Running.Plus(requests) };

    public PodRequests WithInitContainer(ResourceAmounts requests, bool sidecar)
    {
        var together = Sidecars.Plus(requests);
        return this with { Sidecars = sidecar ? together : Sidecars, Starting = Starting.Max(together) };
    }

    /// <summary>What one container's <c>resources</c> ask for; the reader stands on their first token and is left on their last.</summary>
    /// <remarks>A limit without a request is a request; defaulting has filled it in for stored pods, yet not for templates.</remarks>
    internal static ResourceAmounts OfContainer(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return ResourceAmounts.Zero;
        var limits = ResourceAmounts.Zero;
        Utf8JsonReader requests = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isRequests, isLimits) = (reader.ValueTextEquals("requests"u8), reader.ValueTextEquals("limits"u8));
            reader.Read();
            if (isLimits) limits = ResourceAmounts.Read(ref reader, ResourceAmounts.Zero);
            else if (isRequests) requests = reader;
            reader.Skip();
        }
        return ResourceAmounts.Read(ref requests, limits);
    }
}
