using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Pods and what carries their templates.</summary>
/// <remarks>Source of the reasons and of their precedence: the pod printer of kube-apiserver.</remarks>
internal static class PodTables
{
    public static TableLayout Pods { get; } = new(
        "Name, Ready, Status, Restarts, Age, IP*, Node*, Nominated Node*, Readiness Gates*", Print)
    {
        Condition = static pod => pod.Get("status").Text("phase") switch
        {
            "Succeeded" => new RowCondition("Completed", "Succeeded", "The pod has completed successfully."),
            "Failed" => new RowCondition("Completed", "Failed", "The pod failed."),
            _ => null,
        },
    };

    public static TableLayout PodTemplates { get; } = new("Name, Containers, Images, Pod Labels", static row =>
    {
        var template = row.Object.Get("template");
        row.Name().Text(template.Get("spec").Joined("containers", "name")).Text(template.Get("spec").Joined("containers", "image"))
            .Text(template.Get("metadata").Labels("labels"));
    });

    private static void Print(TableRow row)
    {
        var summary = PodSummary.Of(row.Object);
        var restarts = JsonReading.Invariant(summary.Restarts);
        if (summary.Restarts != 0 && summary.LastRestart is { } last) restarts += $" ({HumanDuration.Format(row.Now - last)} ago)";

        row.Name()
            .Text($"{summary.Ready}/{summary.Containers}")
            .Text(summary.Reason)
            .Text(restarts)
            .Age()
            .TextOr(Address(row.Status), "<none>")
            .TextOr(row.Spec.Text("nodeName"), "<none>")
            .TextOr(row.Status.Text("nominatedNodeName"), "<none>")
            .Text(ReadinessGates(row.Spec, row.Status));
    }

    private static string Address(JsonElement status)
    {
        foreach (var address in status.Items("podIPs")) return address.Text("ip");
        return status.Text("podIP");
    }

    private static string ReadinessGates(JsonElement spec, JsonElement status)
    {
        var total = spec.Count("readinessGates");
        if (total == 0) return "<none>";
        var met = spec.Items("readinessGates").Count(gate => status.ConditionStatus(gate.Text("conditionType")) == "True");
        return $"{met}/{total}";
    }
}
