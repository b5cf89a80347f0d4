using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Fields of pods that are known but not served: their feature gates are closed. Whoever writes one writes nothing; a pod that has one keeps it.</summary>
/// <remarks>Closed in Kubernetes 1.32: ClusterTrustBundleProjection, DynamicResourceAllocation, ImageVolume, InPlacePodVerticalScaling, PodLevelResources,
/// ProcMountType, ResourceHealthStatus, SELinuxChangePolicy, SupplementalGroupsPolicy, UserNamespacesSupport. Source: kubernetes pkg/api/pod/util.go.
/// Runs at every write of a pod, of which next to none has any of these: one look at each name finds out.</remarks>
internal static class ClosedPodFields
{
    private static readonly string[] ContainerLists = ["containers", "initContainers", "ephemeralContainers"];
    private static readonly string[] StatusLists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];

    /// <param name="stored">Null for a new pod.</param>
    public static void Drop(JsonObject tree, JsonObject? stored)
    {
        var old = stored?["spec"] as JsonObject;
        DropFromSpec(tree["spec"] as JsonObject, old);
        if (tree["status"] is JsonObject status && MayHaveClosedStatus(status)) DropFromStatus(status, old);
    }

    /// <summary>Of a workload.</summary>
    public static void DropFromTemplate(JsonObject tree, JsonObject? stored) =>
        DropFromSpec(JsonTree.At(tree, ["spec", "template", "spec"]) as JsonObject, JsonTree.At(stored, ["spec", "template", "spec"]) as JsonObject);

    public static void DropFromSpec(JsonObject? spec, JsonObject? old)
    {
        // What many pods share came out of a template, which was looked at.
        if (spec is null or { IsFrozen: true } || ReferenceEquals(spec, old) || !MayHaveClosed(spec)) return;
        if (old?["hostUsers"] is null) spec.Remove("hostUsers");
        if (old?["resources"] is null) spec.Remove("resources");
        if (spec["securityContext"] is JsonObject context)
        {
            var oldContext = old?["securityContext"] as JsonObject;
            if (oldContext?["supplementalGroupsPolicy"] is null) context.Remove("supplementalGroupsPolicy");
            if (oldContext?["seLinuxChangePolicy"] is null) context.Remove("seLinuxChangePolicy");
        }
        var claims = !UsesClaims(old);
        if (claims) spec.Remove("resourceClaims");
        foreach (var list in ContainerLists)
        {
            var containers = spec[list] as JsonArray;
            for (var i = 0; i < containers?.Count; i++)
                if (containers[i] is JsonObject container) DropFromContainer(container, claims, old);
        }
        if (spec["volumes"] is JsonArray volumes) DropFromVolumes(spec, volumes, old);
    }

    private static bool MayHaveClosed(JsonObject spec)
    {
        for (var i = 0; i < spec.Count; i++)
        {
            var (name, value) = spec.GetAt(i);
            var found = name switch
            {
                "hostUsers" or "resources" or "resourceClaims" => true,
                "securityContext" => value is JsonObject { Count: > 0 } context && (context.ContainsKey("supplementalGroupsPolicy") || context.ContainsKey("seLinuxChangePolicy")),
                "containers" or "initContainers" or "ephemeralContainers" => HasItem(value, static (field, below) => field switch
                {
                    "resizePolicy" => true,
                    "resources" => below is JsonObject { Count: > 0 } resources && resources.ContainsKey("claims"),
                    "securityContext" => below is JsonObject { Count: > 0 } context && context.ContainsKey("procMount"),
                    _ => false,
                }),
                "volumes" => HasItem(value, static (field, below) => field switch
                {
                    "image" => true,
                    "projected" => below is JsonObject projected && HasItem(projected["sources"], static (source, _) => source == "clusterTrustBundle"),
                    _ => false,
                }),
                _ => false,
            };
            if (found) return true;
        }
        return false;
    }

    private static bool MayHaveClosedStatus(JsonObject status)
    {
        for (var i = 0; i < status.Count; i++)
        {
            var (name, value) = status.GetAt(i);
            var found = name switch
            {
                "resize" or "resourceClaimStatuses" => true,
                "containerStatuses" or "initContainerStatuses" or "ephemeralContainerStatuses" =>
                    HasItem(value, static (field, _) => field is "allocatedResourcesStatus" or "resources" or "allocatedResources" or "user"),
                _ => false,
            };
            if (found) return true;
        }
        return false;
    }

    /// <summary>Whether an object in a list has a field that is looked for.</summary>
    private static bool HasItem(JsonNode? list, Func<string, JsonNode?, bool> isLookedFor)
    {
        if (list is not JsonArray items) return false;
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not JsonObject item) continue;
            for (var j = 0; j < item.Count; j++)
            {
                var (name, value) = item.GetAt(j);
                if (isLookedFor(name, value)) return true;
            }
        }
        return false;
    }

    private static void DropFromContainer(JsonObject container, bool claims, JsonObject? old)
    {
        if (container.ContainsKey("resizePolicy") && !UsesResizing(old)) container.Remove("resizePolicy");
        if (claims && container["resources"] is JsonObject resources) resources.Remove("claims");
        // Taking it out would be a change to the pods of old servers, which wrote the default into each.
        if (container["securityContext"] is JsonObject context && JsonTree.String(context, "procMount") is not (null or "Default") && !UsesProcMount(old)) context["procMount"] = "Default";
    }

    private static void DropFromVolumes(JsonObject spec, JsonArray volumes, JsonObject? old)
    {
        HashSet<string>? images = null;
        for (var i = volumes.Count - 1; i >= 0; i--)
        {
            if (volumes[i] is not JsonObject volume) continue;
            if (volume["projected"]?["sources"] is JsonArray sources && !UsesTrustBundles(old))
            {
                for (var j = 0; j < sources.Count; j++) (sources[j] as JsonObject)?.Remove("clusterTrustBundle");
            }
            if (volume["image"] is null || HasVolume(old, "image")) continue;
            (images ??= new HashSet<string>(StringComparer.Ordinal)).Add(JsonTree.String(volume, "name") ?? "");
            volumes.RemoveAt(i);
        }
        if (images is null) return;
        foreach (var list in ContainerLists)
        {
            var containers = spec[list] as JsonArray;
            for (var i = 0; i < containers?.Count; i++)
            {
                if ((containers[i] as JsonObject)?["volumeMounts"] is not JsonArray mounts) continue;
                for (var j = mounts.Count - 1; j >= 0; j--)
                    if (mounts[j] is JsonObject mount && images.Contains(JsonTree.String(mount, "name") ?? "")) mounts.RemoveAt(j);
            }
        }
    }

    private static void DropFromStatus(JsonObject status, JsonObject? old)
    {
        if (status.ContainsKey("resize") && !UsesResizing(old)) status.Remove("resize");
        if (!UsesClaims(old)) status.Remove("resourceClaimStatuses");
        foreach (var list in StatusLists)
        {
            var containers = status[list] as JsonArray;
            for (var i = 0; i < containers?.Count; i++)
            {
                if (containers[i] is not JsonObject container) continue;
                container.Remove("allocatedResourcesStatus");
                if (container.ContainsKey("resources") && !UsesResizing(old)) container.Remove("resources");
                if (container.ContainsKey("allocatedResources") && !UsesResizing(old)) container.Remove("allocatedResources");
                if (container.ContainsKey("user") && JsonTree.At(old, ["securityContext", "supplementalGroupsPolicy"]) is null) container.Remove("user");
            }
        }
    }

    private static bool UsesClaims(JsonObject? spec) => spec?["resourceClaims"] is JsonArray { Count: > 0 };

    private static bool UsesResizing(JsonObject? spec) => HasContainer(spec, static c => c["resizePolicy"] is JsonArray { Count: > 0 });

    private static bool UsesProcMount(JsonObject? spec) =>
        HasContainer(spec, static c => JsonTree.String(c["securityContext"] as JsonObject, "procMount") is { } mount && mount != "Default");

    private static bool UsesTrustBundles(JsonObject? spec) =>
        (spec?["volumes"] as JsonArray)?.Any(static v => (v?["projected"]?["sources"] as JsonArray)?.Any(static s => s?["clusterTrustBundle"] is not null) == true) == true;

    private static bool HasVolume(JsonObject? spec, string source) => (spec?["volumes"] as JsonArray)?.Any(v => v?[source] is not null) == true;

    private static bool HasContainer(JsonObject? spec, Predicate<JsonObject> uses)
    {
        foreach (var list in ContainerLists)
        {
            var containers = spec?[list] as JsonArray;
            for (var i = 0; i < containers?.Count; i++)
                if (containers[i] is JsonObject container && uses(container)) return true;
        }
        return false;
    }
}
