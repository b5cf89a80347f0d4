using System.Collections.Frozen;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>The strategies of the kinds that have one.</summary>
public static class KindStrategies
{
    private static readonly FrozenDictionary<ResourceType, IKindStrategy> All =
        new Dictionary<ResourceType, IKindStrategy>().ToFrozenDictionary();

    public static IKindStrategy? Of(ResourceType type) => All.GetValueOrDefault(type);
}
