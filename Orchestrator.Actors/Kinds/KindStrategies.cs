using System.Collections.Frozen;
using Orchestrator.Actors.Kinds.CertificateSigningRequests;
using Orchestrator.Actors.Kinds.CronJobs;
using Orchestrator.Actors.Kinds.CsiDrivers;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Kinds.DaemonSets;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;
using Orchestrator.Actors.Kinds.Ingresses;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Kinds.Leases;
using Orchestrator.Actors.Kinds.LimitRanges;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Kinds.NetworkPolicies;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.PodTemplates;
using Orchestrator.Actors.Kinds.PriorityLevelConfigurations;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Kinds.ReplicationControllers;
using Orchestrator.Actors.Kinds.Roles;
using Orchestrator.Actors.Kinds.Secrets;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Kinds.StatefulSets;
using Orchestrator.Actors.Kinds.VolumeAttachments;
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
        [ResourceTypes.Leases] = new LeaseStrategy(),
        [ResourceTypes.Jobs] = new JobStrategy(),
        [ResourceTypes.Services] = new ServiceStrategy(),
        [ResourceTypes.Namespaces] = new NamespaceStrategy(),
        [ResourceTypes.Nodes] = new NodeStrategy(),
        [ResourceTypes.Secrets] = new SecretStrategy(),
        [ResourceTypes.CustomResourceDefinitions] = new CustomResourceDefinitionStrategy(),
        [ResourceTypes.PodTemplates] = new PodTemplateKind(),
        [ResourceTypes.ReplicationControllers] = new ReplicationControllerStrategy(),
        [ResourceTypes.LimitRanges] = new LimitRangeStrategy(),
        [ResourceTypes.PersistentVolumes] = new PersistentVolumeStrategy(),
        [ResourceTypes.PersistentVolumeClaims] = new PersistentVolumeClaimStrategy(),
        [ResourceTypes.StatefulSets] = new StatefulSetStrategy(),
        [ResourceTypes.CronJobs] = new CronJobStrategy(),
        [ResourceTypes.HorizontalPodAutoscalers] = new HorizontalPodAutoscalerStrategy(),
        [ResourceTypes.PodDisruptionBudgets] = new PodDisruptionBudgetStrategy(),
        [ResourceTypes.Ingresses] = new IngressStrategy(),
        [ResourceTypes.NetworkPolicies] = new NetworkPolicyStrategy(),
        [ResourceTypes.RoleBindings] = new RoleBindingStrategy(),
        [ResourceTypes.ClusterRoleBindings] = new RoleBindingStrategy(),
        [ResourceTypes.VolumeAttachments] = new VolumeAttachmentStrategy(),
        [ResourceTypes.CsiDrivers] = new CsiDriverStrategy(),
        [ResourceTypes.CertificateSigningRequests] = new CertificateSigningRequestStrategy(),
        [ResourceTypes.PriorityLevelConfigurations] = new PriorityLevelConfigurationStrategy(),
    }.ToFrozenDictionary();

    public static IKindStrategy? Of(ResourceType type) => All.GetValueOrDefault(type);
}
