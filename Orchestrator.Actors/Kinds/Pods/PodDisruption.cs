using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Says on a pod that it is deleted for no fault of its own, which the failure policies of Jobs ask.</summary>
/// <remarks>Source: KEP-3329; kube-apiserver, registry/core/pod/storage/eviction.go; kube-controller-manager, tainteviction and podgc.</remarks>
public static class PodDisruption
{
    public const string Condition = "DisruptionTarget";

    /// <summary>The status that says so, or null when the pod has ended or its status says so already.</summary>
    public static JsonObject? Status(PodView pod, string reason, string message, DateTimeOffset now)
    {
        if (pod.Finished) return null;
        var status = StatusWrite.Current(pod.Source);
        return StatusWrite.SetCondition(status, Condition, "True", reason, message, now) ? status : null;
    }

    /// <summary>Deletes a pod that no kubelet will ever end, and says first that it has: whoever keeps it by a finalizer waits for that.</summary>
    /// <param name="reason">Why it goes for no fault of its own; null says nothing of that.</param>
    public static DeleteAction End(PodView pod, string? reason, string message, DateTimeOffset now)
    {
        var delete = new DeleteAction(ResourceTypes.Pods, pod.Key, pod.Uid, null, 0);
        if (pod.Finished || pod.Meta.Finalizers.IsEmpty) return delete;
        var status = StatusWrite.Current(pod.Source);
        status["phase"] = "Failed";
        if (reason is not null) StatusWrite.SetCondition(status, Condition, "True", reason, message, now);
        return delete with { Before = new StatusAction(ResourceTypes.Pods, pod.Key, pod.Uid, status) };
    }
}
