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
}
