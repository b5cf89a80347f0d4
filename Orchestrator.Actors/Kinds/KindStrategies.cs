using System.Collections.Frozen;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Kinds.DaemonSets;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Kinds.Secrets;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>The strategies of the kinds that have one.</summary>
public static class KindStrategies
{
    private static readonly FrozenDictionary<ResourceType, IKindStrategy> All = new Dictionary<ResourceType, IKindStrategy>
    {
        [ResourceTypes.Pods] = new PodStrategy(),
        [ResourceTypes.Deployments] = new DeploymentStrategy(),
        [ResourceTypes.ReplicaSets] = new ReplicaSetStrategy(),
        [ResourceTypes.DaemonSets] = new DaemonSetStrategy(),
        [ResourceTypes.Jobs] = new JobStrategy(),
        [ResourceTypes.Services] = new ServiceStrategy(),
        [ResourceTypes.Namespaces] = new NamespaceStrategy(),
        [ResourceTypes.Secrets] = new SecretStrategy(),
        [ResourceTypes.CustomResourceDefinitions] = new CustomResourceDefinitionStrategy(),
    }.ToFrozenDictionary();

    public static IKindStrategy? Of(ResourceType type) => All.GetValueOrDefault(type);
}
