using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Events;

/// <summary>An event stands in the namespace of the object that it is about.</summary>
/// <remarks>Source: the legacy validation of kubernetes pkg/apis/core/validation/events.go.</remarks>
public sealed class EventValidation : IKindValidation
{
    private const string ClusterScopedNamespace = "default";

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var own = JsonTree.String(JsonTree.Object(tree, "metadata"), "namespace") ?? "";
        var about = JsonTree.String(JsonTree.Object(tree, "involvedObject"), "namespace") ?? "";
        // Objects without a namespace have their events in the default one.
        var fits = about.Length == 0 ? own is "" or ClusterScopedNamespace or "kube-system" : own == about;
        if (!fits) faults.Invalid(FieldPath.Of("involvedObject").Child("namespace"), about, "does not match event.namespace");
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        // Series and counts go up; nothing of an event is fixed in this version of the API.
    }
}
