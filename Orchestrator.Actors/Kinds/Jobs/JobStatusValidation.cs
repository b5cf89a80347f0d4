using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>What a client may write into the status of a Job, as the controllers of others do (<c>spec.managedBy</c>).</summary>
/// <remarks>Source: kubernetes pkg/apis/batch/validation ValidateJobStatusUpdate, and pkg/registry/batch/job for which rule looks at what:
/// a rule is asked only when something that it speaks of has changed.</remarks>
internal sealed class JobStatusValidation
{
    private static readonly FieldPath Path = FieldPath.Of("status");

    private readonly JsonObject? _spec;
    private readonly JsonObject _new;
    private readonly JsonObject _old;
    private readonly FaultList _faults;

    private JobStatusValidation(JsonObject tree, JsonObject stored, FaultList faults)
    {
        _spec = JsonTree.Object(tree, "spec");
        _new = JsonTree.Object(tree, "status") ?? [];
        _old = JsonTree.Object(stored, "status") ?? [];
        _faults = faults;
    }

    public static void Validate(JsonObject tree, JsonObject stored, FaultList faults)
    {
        var rules = new JobStatusValidation(tree, stored, faults);
        rules.CheckCounts();
        rules.CheckUncounted();
        rules.CheckConditions();
        rules.CheckTimes();
        rules.CheckFinished();
        rules.CheckIndexes();
    }

    private bool Complete => Has(_new, "Complete");

    private bool Finished => Complete || Has(_new, "Failed");

    private bool FinishedChanged => Finished != (Has(_old, "Complete") || Has(_old, "Failed"));

    private static bool Has(JsonObject status, string type) => JsonTree.String(StatusWrite.Condition(status, type), "status") == "True";

    private bool ConditionChanged(string type) => Has(_old, type) != Has(_new, type);

    private bool Changed(string field) => !JsonTree.DeepEquals(_old[field], _new[field]);

    private void CheckCounts()
    {
        foreach (var name in (ReadOnlySpan<string>)["active", "succeeded", "failed", "ready", "terminating"])
            if (JsonTree.Int64(_new, name) is < 0) _faults.Invalid(Path.Child(name), JsonTree.Int64(_new, name), "must be greater than or equal to 0");
        // An indexed job that may shrink may lose indexes that it had.
        var shrinks = JsonTree.String(_spec, "completionMode") == "Indexed" && JsonTree.DeepEquals(_spec?["completions"], _spec?["parallelism"]);
        if (Count(_new, "failed") < Count(_old, "failed")) _faults.Invalid(Path.Child("failed"), Count(_new, "failed"), "cannot decrease the failed counter");
        if (!shrinks && Count(_new, "succeeded") < Count(_old, "succeeded"))
            _faults.Invalid(Path.Child("succeeded"), Count(_new, "succeeded"), "cannot decrease the succeeded counter");
    }

    private static long Count(JsonObject status, string name) => JsonTree.Int64(status, name) ?? 0;

    private void CheckUncounted()
    {
        var uncounted = JsonTree.Object(_new, "uncountedTerminatedPods");
        var path = Path.Child("uncountedTerminatedPods");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in (ReadOnlySpan<string>)["succeeded", "failed"])
        {
            var uids = JsonTree.Array(uncounted, name);
            for (var i = 0; i < (uids?.Count ?? 0); i++)
            {
                var uid = JsonTree.AsString(uids![i]) ?? "";
                if (uid.Length == 0) _faults.Invalid(path.Child(name).Index(i), uid, "must not be empty");
                else if (!seen.Add(uid)) _faults.Duplicate(path.Child(name).Index(i), uid);
            }
        }
        if (Finished && seen.Count > 0 && (FinishedChanged || Changed("uncountedTerminatedPods")))
            _faults.Invalid(path, uncounted, "uncountedTerminatedPods needs to be empty for finished job");
    }

    private void CheckConditions()
    {
        var complete = ConditionChanged("Complete");
        var met = Has(_new, "SuccessCriteriaMet");
        if ((complete || ConditionChanged("Failed")) && Complete && Has(_new, "Failed")) Wrong("cannot set Complete=True and Failed=true conditions");
        if ((complete || ConditionChanged("FailureTarget")) && Complete && Has(_new, "FailureTarget")) Wrong("cannot set Complete=True and FailureTarget=true conditions");
        if ((ConditionChanged("Failed") || ConditionChanged("FailureTarget")) && Has(_new, "Failed") && !Has(_new, "FailureTarget"))
            Wrong("cannot set Failed=True condition without the FailureTarget=true condition");
        if ((complete || ConditionChanged("SuccessCriteriaMet")) && Complete && !met) Wrong("cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
        if (met && Has(_new, "Failed")) Wrong("cannot set SuccessCriteriaMet=True and Failed=true conditions");
        if (met && Has(_new, "FailureTarget")) Wrong("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        if (!met && Complete && JsonTree.Object(_spec, "successPolicy") is not null) Wrong("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
        foreach (var type in (ReadOnlySpan<string>)["Failed", "Complete", "FailureTarget"])
            if (Has(_old, type) && !Has(_new, type)) Wrong($"cannot disable the terminal {type}=True condition");
        if (Has(_old, "SuccessCriteriaMet") && !met) Wrong("cannot disable the SuccessCriteriaMet=True condition");
        if (Has(_old, "Complete") && !Has(_old, "SuccessCriteriaMet") && met) Wrong("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
    }

    private void Wrong(string detail) => _faults.InvalidAsAWhole(Path.Child("conditions"), detail);

    private void CheckTimes()
    {
        var (start, end) = (JsonTree.String(_new, "startTime"), JsonTree.String(_new, "completionTime"));
        var path = Path.Child("completionTime");
        if (ConditionChanged("Complete") || Changed("completionTime"))
        {
            if (end is not null && !Complete) _faults.Invalid(path, end, "cannot set completionTime when there is no Complete=True condition");
            if (end is null && Complete) _faults.Required(path, "completionTime is required for Complete jobs");
        }
        if ((Changed("startTime") || Changed("completionTime")) && KindTime.Parse(start ?? "") is { } begun && KindTime.Parse(end ?? "") is { } ended && ended < begun)
            _faults.Invalid(path, end, "completionTime cannot be set before startTime");
        if (end is not null && _old["completionTime"] is not null && Changed("completionTime")) _faults.Invalid(path, end, "completionTime cannot be mutated");
        if (_old["startTime"] is not null && Changed("startTime") && JsonTree.Bool(_spec, "suspend") != true)
            _faults.Required(Path.Child("startTime"), "startTime cannot be removed for unsuspended job");
    }

    private void CheckFinished()
    {
        var (active, ready) = (Count(_new, "active"), Count(_new, "ready"));
        if ((Changed("ready") || Changed("active")) && ready > active) _faults.Invalid(Path.Child("ready"), ready, "cannot set more ready pods than active");
        if (!Finished) return;
        if ((FinishedChanged || Changed("terminating")) && Count(_new, "terminating") is > 0 and var terminating)
            _faults.Invalid(Path.Child("terminating"), terminating, "terminating>0 is invalid for finished job");
        if ((FinishedChanged || Changed("active")) && active > 0) _faults.Invalid(Path.Child("active"), active, "active>0 is invalid for finished job");
        if ((FinishedChanged || Changed("startTime")) && _new["startTime"] is null) _faults.Required(Path.Child("startTime"), "startTime is required for finished job");
    }

    private void CheckIndexes()
    {
        var (done, failed) = (JsonTree.String(_new, "completedIndexes") ?? "", JsonTree.String(_new, "failedIndexes"));
        var completions = JsonTree.Int64(_spec, "completions");
        if (Changed("completedIndexes"))
        {
            if (completions is { } all && IndexIntervals.Check(done, all, out _) is { } fault)
                _faults.Invalid(Path.Child("completedIndexes"), done, $"error parsing completedIndexes: {fault}");
            if (done.Length > 0 && JsonTree.String(_spec, "completionMode") != "Indexed")
                _faults.Invalid(Path.Child("completedIndexes"), done, "cannot set non-empty completedIndexes when non-indexed completion mode");
        }
        if (failed is null) return;
        var perIndex = JsonTree.Int64(_spec, "backoffLimitPerIndex") is not null;
        var path = Path.Child("failedIndexes");
        if (Changed("failedIndexes"))
        {
            if (perIndex && completions is { } all && IndexIntervals.Check(failed, all, out _) is { } fault) _faults.Invalid(path, failed, $"error parsing failedIndexes: {fault}");
            if (!perIndex) _faults.Invalid(path, failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
        }
        if (completions is not { } count || !(Changed("failedIndexes") || Changed("completedIndexes"))) return;
        if (IndexIntervals.Check(done, count, out _) is not null || IndexIntervals.Check(failed, count, out _) is not null) return;
        var both = IndexSet.Parse(done).Intersect(IndexSet.Parse(failed));
        if (both.Count > 0) _faults.Invalid(path, failed, System.FormattableString.Invariant($"failedIndexes and completedIndexes overlap at index: {both.First}"));
    }
}
