namespace Orchestrator.Actors.Resources;

/// <summary>The built-in types that our own code acts on.</summary>
public static class ResourceTypes
{
    public static readonly ResourceType Pods = ResourceType.Core("pods");
    public static readonly ResourceType Nodes = ResourceType.Core("nodes");
    public static readonly ResourceType Namespaces = ResourceType.Core("namespaces");
    public static readonly ResourceType ConfigMaps = ResourceType.Core("configmaps");
    public static readonly ResourceType Secrets = ResourceType.Core("secrets");
    public static readonly ResourceType Services = ResourceType.Core("services");
    public static readonly ResourceType Endpoints = ResourceType.Core("endpoints");
    public static readonly ResourceType Events = ResourceType.Core("events");
    public static readonly ResourceType ServiceAccounts = ResourceType.Core("serviceaccounts");
    public static readonly ResourceType EndpointSlices = new("discovery.k8s.io", "endpointslices");
    public static readonly ResourceType Leases = new("coordination.k8s.io", "leases");
    public static readonly ResourceType Deployments = new("apps", "deployments");
    public static readonly ResourceType ReplicaSets = new("apps", "replicasets");
    public static readonly ResourceType DaemonSets = new("apps", "daemonsets");
    public static readonly ResourceType ControllerRevisions = new("apps", "controllerrevisions");
    public static readonly ResourceType Jobs = new("batch", "jobs");
    public static readonly ResourceType CustomResourceDefinitions = new("apiextensions.k8s.io", "customresourcedefinitions");
    public static readonly ResourceType PodTemplates = ResourceType.Core("podtemplates");
    public static readonly ResourceType ReplicationControllers = ResourceType.Core("replicationcontrollers");
    public static readonly ResourceType ResourceQuotas = ResourceType.Core("resourcequotas");
    public static readonly ResourceType LimitRanges = ResourceType.Core("limitranges");
    public static readonly ResourceType PersistentVolumes = ResourceType.Core("persistentvolumes");
    public static readonly ResourceType PersistentVolumeClaims = ResourceType.Core("persistentvolumeclaims");
    public static readonly ResourceType ComponentStatuses = ResourceType.Core("componentstatuses");
    public static readonly ResourceType StatefulSets = new("apps", "statefulsets");
    public static readonly ResourceType CronJobs = new("batch", "cronjobs");
    public static readonly ResourceType HorizontalPodAutoscalers = new("autoscaling", "horizontalpodautoscalers");
    public static readonly ResourceType PodDisruptionBudgets = new("policy", "poddisruptionbudgets");
    public static readonly ResourceType PriorityClasses = new("scheduling.k8s.io", "priorityclasses");
    public static readonly ResourceType RuntimeClasses = new("node.k8s.io", "runtimeclasses");
    public static readonly ResourceType Ingresses = new("networking.k8s.io", "ingresses");
    public static readonly ResourceType IngressClasses = new("networking.k8s.io", "ingressclasses");
    public static readonly ResourceType NetworkPolicies = new("networking.k8s.io", "networkpolicies");
    public static readonly ResourceType Roles = new("rbac.authorization.k8s.io", "roles");
    public static readonly ResourceType RoleBindings = new("rbac.authorization.k8s.io", "rolebindings");
    public static readonly ResourceType ClusterRoles = new("rbac.authorization.k8s.io", "clusterroles");
    public static readonly ResourceType ClusterRoleBindings = new("rbac.authorization.k8s.io", "clusterrolebindings");
    public static readonly ResourceType StorageClasses = new("storage.k8s.io", "storageclasses");
    public static readonly ResourceType VolumeAttachments = new("storage.k8s.io", "volumeattachments");
    public static readonly ResourceType CsiDrivers = new("storage.k8s.io", "csidrivers");
    public static readonly ResourceType CsiNodes = new("storage.k8s.io", "csinodes");
    public static readonly ResourceType CsiStorageCapacities = new("storage.k8s.io", "csistoragecapacities");
    public static readonly ResourceType CertificateSigningRequests = new("certificates.k8s.io", "certificatesigningrequests");
    public static readonly ResourceType MutatingWebhookConfigurations = new("admissionregistration.k8s.io", "mutatingwebhookconfigurations");
    public static readonly ResourceType ValidatingWebhookConfigurations = new("admissionregistration.k8s.io", "validatingwebhookconfigurations");
    public static readonly ResourceType ValidatingAdmissionPolicies = new("admissionregistration.k8s.io", "validatingadmissionpolicies");
    public static readonly ResourceType ValidatingAdmissionPolicyBindings = new("admissionregistration.k8s.io", "validatingadmissionpolicybindings");
    public static readonly ResourceType ApiServices = new("apiregistration.k8s.io", "apiservices");
    public static readonly ResourceType FlowSchemas = new("flowcontrol.apiserver.k8s.io", "flowschemas");
    public static readonly ResourceType PriorityLevelConfigurations = new("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations");
}
