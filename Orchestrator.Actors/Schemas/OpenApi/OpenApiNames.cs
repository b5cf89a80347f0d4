namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>The names under which OpenAPI documents define types: those of the Go packages, which clients know.</summary>
internal static class OpenApiNames
{
    public const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    public const string Quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
    public const string IntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    public const string RawExtension = "io.k8s.apimachinery.pkg.runtime.RawExtension";
    public const string Time = Meta + "Time";
    public const string MicroTime = Meta + "MicroTime";
    public const string Duration = Meta + "Duration";
    public const string Patch = Meta + "Patch";
    public const string ObjectMeta = Meta + "ObjectMeta";
    public const string ListMeta = Meta + "ListMeta";
    public const string Status = Meta + "Status";
    public const string DeleteOptions = Meta + "DeleteOptions";
    public const string WatchEvent = Meta + "WatchEvent";

    /// <summary>The definition of a built-in type such as <c>apps.v1.DeploymentSpec</c>.</summary>
    public static string OfType(string typeName)
    {
        var package = typeName[..typeName.IndexOf('.', StringComparison.Ordinal)];
        return package switch
        {
            "meta" or "version" or "runtime" => "io.k8s.apimachinery.pkg." + (package == "meta" ? "apis." : "") + typeName,
            "apiextensions" => "io.k8s.apiextensions-apiserver.pkg.apis." + typeName,
            "metrics" => "io.k8s.metrics.pkg.apis." + typeName,
            "apiregistration" => "io.k8s.kube-aggregator.pkg.apis." + typeName,
            _ => "io.k8s.api." + typeName,
        };
    }

    /// <summary>The definition of a resource's kind, or of its list.</summary>
    public static string OfKind(ResourceSchema resource, string kind) => resource.Root.Name.Length > 0
        ? OfType(resource.Root.Name[..(resource.Root.Name.LastIndexOf('.') + 1)] + kind)
        : $"{string.Join('.', resource.Group.Split('.').Reverse())}.{resource.Version}.{kind}";

    /// <summary>The name of a built-in type by group, version and kind, such as <c>autoscaling.v1.Scale</c>.</summary>
    public static string TypeOf(string group, string version, string kind)
    {
        var dot = group.IndexOf('.', StringComparison.Ordinal);
        var package = group.Length == 0 ? "core" : dot < 0 ? group : group[..dot];
        return $"{package}.{version}.{kind}";
    }

    /// <summary>The group as it is part of operation ids: apps is Apps, the core group is Core.</summary>
    public static string OperationGroup(ResourceSchema resource)
    {
        if (resource.Group.Length == 0) return "Core";
        const string Suffix = ".k8s.io";
        var name = !resource.IsCustom && resource.Group.EndsWith(Suffix, StringComparison.Ordinal) ? resource.Group[..^Suffix.Length] : resource.Group;
        return string.Concat(name.Split('.', '-').Select(Capitalized));
    }

    public static string Capitalized(string word) => word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..];
}
