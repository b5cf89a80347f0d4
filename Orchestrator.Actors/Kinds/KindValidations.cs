using System.Collections.Frozen;
using Orchestrator.Actors.Kinds.ConfigMaps;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Kinds.DaemonSets;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Endpoints;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Kinds.Secrets;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>The validations across fields of the kinds that have them.</summary>
public static class KindValidations
{
    private static readonly FrozenDictionary<ResourceType, IKindValidation> All =
        new Dictionary<ResourceType, IKindValidation>
        {
            [ResourceTypes.Pods] = new PodValidation(),
            [ResourceTypes.Deployments] = new DeploymentValidation(),
            [ResourceTypes.ReplicaSets] = new ReplicaSetValidation(),
            [ResourceTypes.DaemonSets] = new DaemonSetValidation(),
            [ResourceTypes.Jobs] = new JobValidation(),
            [ResourceTypes.Services] = new ServiceValidation(),
            [ResourceTypes.ConfigMaps] = new ConfigMapValidation(),
            [ResourceTypes.Secrets] = new SecretValidation(),
            [ResourceTypes.Nodes] = new NodeValidation(),
            [ResourceTypes.Endpoints] = new EndpointsValidation(),
            [ResourceTypes.EndpointSlices] = new EndpointSliceValidation(),
            [ResourceTypes.Events] = new EventValidation(),
            [ResourceTypes.CustomResourceDefinitions] = new CustomResourceDefinitionValidation(),
        }.ToFrozenDictionary();

    public static IKindValidation? Of(ResourceType type) => All.GetValueOrDefault(type);
}
