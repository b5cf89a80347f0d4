using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Host.ApiServer;

/// <summary>Remembers answers of a service for a time. Bounded: when it is full it forgets all, for what is asked often is soon back.</summary>
internal sealed class TimedAnswers<T>(TimeProvider clock)
{
    private const int CountMax = 8192;

    private readonly ConcurrentDictionary<string, (T Answer, DateTimeOffset Until)> _answers = new(StringComparer.Ordinal);

    public bool TryGet(string key, [MaybeNullWhen(false)] out T answer)
    {
        if (_answers.TryGetValue(key, out var known) && known.Until > clock.GetUtcNow())
        {
            answer = known.Answer;
            return true;
        }
        answer = default;
        return false;
    }

    public void Set(string key, T answer, TimeSpan ttl)
    {
        if (ttl <= TimeSpan.Zero) return;
        if (_answers.Count >= CountMax) _answers.Clear();
        _answers[key] = (answer, clock.GetUtcNow() + ttl);
    }
}
