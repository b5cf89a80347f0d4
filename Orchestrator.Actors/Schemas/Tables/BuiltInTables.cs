using System.Collections.Frozen;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>The layouts of the resources whose cells take more than a path into the object.</summary>
public static class BuiltInTables
{
    private static readonly FrozenDictionary<string, TableLayout> Layouts = new Dictionary<string, TableLayout>(StringComparer.Ordinal)
    {
        ["pods"] = PodTables.Pods,
        ["podtemplates"] = PodTables.PodTemplates,
        ["replicationcontrollers"] = WorkloadTables.ReplicationControllers,
        ["deployments.apps"] = WorkloadTables.Deployments,
        ["replicasets.apps"] = WorkloadTables.ReplicaSets,
        ["daemonsets.apps"] = WorkloadTables.DaemonSets,
        ["statefulsets.apps"] = WorkloadTables.StatefulSets,
        ["controllerrevisions.apps"] = WorkloadTables.ControllerRevisions,
        ["jobs.batch"] = WorkloadTables.Jobs,
        ["cronjobs.batch"] = WorkloadTables.CronJobs,
        ["horizontalpodautoscalers.autoscaling"] = WorkloadTables.HorizontalPodAutoscalers,
        ["poddisruptionbudgets.policy"] = WorkloadTables.PodDisruptionBudgets,
        ["services"] = NetworkTables.Services,
        ["endpoints"] = NetworkTables.Endpoints,
        ["endpointslices.discovery.k8s.io"] = NetworkTables.EndpointSlices,
        ["ingresses.networking.k8s.io"] = NetworkTables.Ingresses,
        ["ingressclasses.networking.k8s.io"] = NetworkTables.IngressClasses,
        ["networkpolicies.networking.k8s.io"] = NetworkTables.NetworkPolicies,
        ["nodes"] = ClusterTables.Nodes,
        ["namespaces"] = ClusterTables.Namespaces,
        ["events"] = ClusterTables.Events,
        ["events.events.k8s.io"] = ClusterTables.Events,
        ["leases.coordination.k8s.io"] = ClusterTables.Leases,
        ["componentstatuses"] = ClusterTables.ComponentStatuses,
        ["nodes.metrics.k8s.io"] = ClusterTables.Metrics,
        ["pods.metrics.k8s.io"] = ClusterTables.Metrics,
        ["priorityclasses.scheduling.k8s.io"] = ClusterTables.PriorityClasses,
        ["runtimeclasses.node.k8s.io"] = ClusterTables.RuntimeClasses,
        ["configmaps"] = ConfigTables.ConfigMaps,
        ["secrets"] = ConfigTables.Secrets,
        ["serviceaccounts"] = ConfigTables.ServiceAccounts,
        ["resourcequotas"] = ConfigTables.ResourceQuotas,
        ["persistentvolumes"] = StorageTables.PersistentVolumes,
        ["persistentvolumeclaims"] = StorageTables.PersistentVolumeClaims,
        ["storageclasses.storage.k8s.io"] = StorageTables.StorageClasses,
        ["volumeattachments.storage.k8s.io"] = StorageTables.VolumeAttachments,
        ["csinodes.storage.k8s.io"] = StorageTables.CsiNodes,
        ["csidrivers.storage.k8s.io"] = StorageTables.CsiDrivers,
        ["csistoragecapacities.storage.k8s.io"] = StorageTables.CsiStorageCapacities,
        ["rolebindings.rbac.authorization.k8s.io"] = PolicyTables.RoleBindings,
        ["clusterrolebindings.rbac.authorization.k8s.io"] = PolicyTables.RoleBindings,
        ["certificatesigningrequests.certificates.k8s.io"] = PolicyTables.CertificateSigningRequests,
        ["mutatingwebhookconfigurations.admissionregistration.k8s.io"] = PolicyTables.Webhooks,
        ["validatingwebhookconfigurations.admissionregistration.k8s.io"] = PolicyTables.Webhooks,
        ["validatingadmissionpolicies.admissionregistration.k8s.io"] = PolicyTables.AdmissionPolicies,
        ["validatingadmissionpolicybindings.admissionregistration.k8s.io"] = PolicyTables.AdmissionPolicyBindings,
        ["apiservices.apiregistration.k8s.io"] = ClusterTables.ApiServices,
        ["flowschemas.flowcontrol.apiserver.k8s.io"] = PolicyTables.FlowSchemas,
        ["prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"] = PolicyTables.PriorityLevels,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Resources => Layouts.Keys;

    /// <summary>The layout of a resource, by <c>plural</c> or <c>plural.group</c>; null where it has none of its own.</summary>
    public static TableLayout? Find(string resource) => Layouts.GetValueOrDefault(resource);
}
