using System.Collections.Frozen;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Kinds.CertificateSigningRequests;
using Orchestrator.Actors.Kinds.ConfigMaps;
using Orchestrator.Actors.Kinds.ControllerRevisions;
using Orchestrator.Actors.Kinds.CronJobs;
using Orchestrator.Actors.Kinds.CsiDrivers;
using Orchestrator.Actors.Kinds.CsiNodes;
using Orchestrator.Actors.Kinds.CsiStorageCapacities;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Kinds.DaemonSets;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Endpoints;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Kinds.FlowSchemas;
using Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;
using Orchestrator.Actors.Kinds.IngressClasses;
using Orchestrator.Actors.Kinds.Ingresses;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Kinds.LimitRanges;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Kinds.NetworkPolicies;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.PodTemplates;
using Orchestrator.Actors.Kinds.PriorityClasses;
using Orchestrator.Actors.Kinds.PriorityLevelConfigurations;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Kinds.ReplicationControllers;
using Orchestrator.Actors.Kinds.ResourceQuotas;
using Orchestrator.Actors.Kinds.Roles;
using Orchestrator.Actors.Kinds.RuntimeClasses;
using Orchestrator.Actors.Kinds.Secrets;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Kinds.StatefulSets;
using Orchestrator.Actors.Kinds.StorageClasses;
using Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;
using Orchestrator.Actors.Kinds.VolumeAttachments;
using Orchestrator.Actors.Kinds.WebhookConfigurations;
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
            [ResourceTypes.Namespaces] = new NamespaceValidation(),
            [ResourceTypes.Endpoints] = new EndpointsValidation(),
            [ResourceTypes.EndpointSlices] = new EndpointSliceValidation(),
            [ResourceTypes.Events] = new EventValidation(),
            [new ResourceType("events.k8s.io", "events")] = new NewEventValidation(),
            [ResourceTypes.CustomResourceDefinitions] = new CustomResourceDefinitionValidation(),
            [ResourceTypes.PodTemplates] = new PodTemplateKind(),
            [ResourceTypes.ReplicationControllers] = new ReplicationControllerValidation(),
            [ResourceTypes.ResourceQuotas] = new ResourceQuotaValidation(),
            [ResourceTypes.LimitRanges] = new LimitRangeValidation(),
            [ResourceTypes.PersistentVolumes] = new PersistentVolumeValidation(),
            [ResourceTypes.PersistentVolumeClaims] = new PersistentVolumeClaimValidation(),
            [ResourceTypes.StatefulSets] = new StatefulSetValidation(),
            [ResourceTypes.ControllerRevisions] = new ControllerRevisionValidation(),
            [ResourceTypes.CronJobs] = new CronJobValidation(),
            [ResourceTypes.HorizontalPodAutoscalers] = new HorizontalPodAutoscalerValidation(),
            [ResourceTypes.PodDisruptionBudgets] = new PodDisruptionBudgetValidation(),
            [ResourceTypes.PriorityClasses] = new PriorityClassValidation(),
            [ResourceTypes.RuntimeClasses] = new RuntimeClassValidation(),
            [ResourceTypes.Ingresses] = new IngressValidation(),
            [ResourceTypes.IngressClasses] = new IngressClassValidation(),
            [ResourceTypes.NetworkPolicies] = new NetworkPolicyValidation(),
            [ResourceTypes.Roles] = new RoleValidation(namespaced: true),
            [ResourceTypes.ClusterRoles] = new RoleValidation(namespaced: false),
            [ResourceTypes.RoleBindings] = new RoleBindingValidation(namespaced: true),
            [ResourceTypes.ClusterRoleBindings] = new RoleBindingValidation(namespaced: false),
            [ResourceTypes.StorageClasses] = new StorageClassValidation(),
            [ResourceTypes.VolumeAttachments] = new VolumeAttachmentValidation(),
            [ResourceTypes.CsiDrivers] = new CsiDriverValidation(),
            [ResourceTypes.CsiNodes] = new CsiNodeValidation(),
            [ResourceTypes.CsiStorageCapacities] = new CsiStorageCapacityValidation(),
            [ResourceTypes.CertificateSigningRequests] = new CertificateSigningRequestValidation(),
            [ResourceTypes.MutatingWebhookConfigurations] = new WebhookConfigurationValidation(),
            [ResourceTypes.ValidatingWebhookConfigurations] = new WebhookConfigurationValidation(),
            [ResourceTypes.ValidatingAdmissionPolicies] = new ValidatingAdmissionPolicyValidation(),
            [ResourceTypes.ValidatingAdmissionPolicyBindings] = new ValidatingAdmissionPolicyBindingValidation(),
            [ResourceTypes.ApiServices] = new ApiServiceValidation(),
            [ResourceTypes.FlowSchemas] = new FlowSchemaValidation(),
            [ResourceTypes.PriorityLevelConfigurations] = new PriorityLevelConfigurationValidation(),
        }.ToFrozenDictionary();

    public static IKindValidation? Of(ResourceType type) => All.GetValueOrDefault(type);
}
