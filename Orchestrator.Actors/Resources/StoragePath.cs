using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Resources;

/// <summary>The path at which kube-apiserver keeps an object in etcd. Nothing is kept so here, but errors name it.</summary>
/// <remarks>Source: special resource prefixes of kubernetes pkg/kubeapiserver/default_storage_factory_builder.go, and the storage
/// options of apiextensions-apiserver and kube-aggregator.</remarks>
internal static class StoragePath
{
    /// <summary>The path of <paramref name="key"/>, of a type as it is stored.</summary>
    public static string Of(ResourceType type, ObjectKey key) =>
        key.Namespace.Length == 0 ? $"/registry/{Prefix(type)}/{key.Name}" : $"/registry/{Prefix(type)}/{key.Namespace}/{key.Name}";

    private static string Prefix(ResourceType type) => type switch
    {
        { Group: "", Plural: "replicationcontrollers" } => "controllers",
        { Group: "", Plural: "endpoints" } => "services/endpoints",
        { Group: "", Plural: "services" } => "services/specs",
        { Group: "", Plural: "nodes" } => "minions",
        { Group: "networking.k8s.io", Plural: "ingresses" } => "ingress",
        { Group: "apiextensions.k8s.io" or "apiregistration.k8s.io" } => $"{type.Group}/{type.Plural}",
        _ => SchemaCatalog.BuiltIn.Find(type) is null ? $"{type.Group}/{type.Plural}" : type.Plural,
    };
}
