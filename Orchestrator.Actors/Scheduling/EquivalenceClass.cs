namespace Orchestrator.Actors.Scheduling;

/// <summary>What the rules say of one node for pods of one spec, as of one version of the node.</summary>
internal sealed class NodeAnswer(int scores)
{
    public long Version { get; set; } = -1;
    public Verdict Verdict { get; set; }
    public ClusterEvents HelpedBy { get; set; }
    public long[] Raw { get; } = new long[scores];
}

/// <summary>The kept answers for pods of one spec.</summary>
internal sealed class EquivalenceClass
{
    private readonly Dictionary<NodeSnapshot, NodeAnswer> _answers = [];
    private long _preparedAt = -1;

    /// <summary>The state of each cluster rule, or null where it does not concern these pods.</summary>
    public object?[] States { get; private set; } = [];

    public void Prepare(PodToPlace pod, NodeModel model, SchedulerProfile profile)
    {
        if (_preparedAt == model.Revision) return;
        _preparedAt = model.Revision;
        States = [.. profile.ClusterRules.Select(r => r.Prepare(pod, model))];
        if (_answers.Count > model.Nodes.Count * 2) _answers.Clear();
    }

    public void ForgetStates() => _preparedAt = -1;

    public NodeAnswer AnswerFor(NodeSnapshot node, PodToPlace pod, SchedulerProfile profile)
    {
        if (!_answers.TryGetValue(node, out var answer)) _answers[node] = answer = new NodeAnswer(profile.Scores.Length);
        if (answer.Version == node.Version) return answer;
        answer.Version = node.Version;
        answer.Verdict = Verdict.Ok;
        foreach (var filter in profile.Filters)
        {
            answer.Verdict = filter.Filter(pod, node);
            answer.HelpedBy = filter.HelpedBy;
            if (!answer.Verdict.IsOk) return answer;
        }
        for (var i = 0; i < answer.Raw.Length; i++) answer.Raw[i] = profile.Scores[i].Score(pod, node);
        return answer;
    }
}
