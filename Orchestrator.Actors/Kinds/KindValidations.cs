using System.Collections.Frozen;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>The validations across fields of the kinds that have them.</summary>
public static class KindValidations
{
    private static readonly FrozenDictionary<ResourceType, IKindValidation> All =
        new Dictionary<ResourceType, IKindValidation>
        {
            [ResourceTypes.CustomResourceDefinitions] = new CustomResourceDefinitionValidation(),
        }.ToFrozenDictionary();

    public static IKindValidation? Of(ResourceType type) => All.GetValueOrDefault(type);
}
