using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Controllers;

/// <summary>The stored and sent forms of the controllers' events and messages.</summary>
internal static class ControllerCodecs
{
    public static IEnumerable<WireCodec> All =>
    [
        WireCodec.Json<ControllerDecided>("controller-decided"),
        WireCodec.Json<ControllerDecisions>("controller-decisions"),
        WireCodec.Json<TriggerReconcile>("trigger-reconcile"),
        WireCodec.Json<GetDecisions>("get-decisions"),
    ];
}
