namespace Akka.Remote.TestKit.Internal;

/// <summary>The barriers of one run: all participants meet at one name after the other, or all fail. For any thread.</summary>
internal sealed class Barriers(IEnumerable<string> participants)
{
    private readonly object _gate = new();
    private readonly HashSet<string> _participants = [.. participants];
    private readonly Dictionary<string, TaskCompletionSource<string?>> _arrived = [];
    private string? _name;
    private string? _broken;

    /// <summary>Completes with null when all are there, or with what went wrong.</summary>
    public async Task<string?> EnterAsync(string role, string name, TimeSpan timeout)
    {
        TaskCompletionSource<string?> arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_broken is null && !_participants.Contains(role)) return $"{role} has been removed and can enter no barrier.";
            if (_broken is null && _arrived.Count > 0 && _name != name) Break($"{role} is at barrier '{name}' while [{Names(_arrived.Keys)}] are at '{_name}'.");
            if (_broken is null && _arrived.ContainsKey(role)) Break($"{role} has entered barrier '{name}' twice.");
            if (_broken is not null) return _broken;
            _name = name;
            _arrived[role] = arrival;
            ReleaseIfComplete();
        }

        try
        {
            return await arrival.Task.WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_gate)
            {
                // All may have come between the end of the wait and the lock.
                if (!arrival.Task.IsCompleted)
                    Break($"Nobody but [{Names(_arrived.Keys)}] came to barrier '{name}' within {timeout}; missing: [{Names(Missing())}].");
            }

            return await arrival.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Goes on without the role, which is expected to end.</summary>
    public void Remove(string role)
    {
        lock (_gate)
        {
            if (!_participants.Remove(role)) return;
            if (_arrived.Remove(role, out var arrival)) arrival.TrySetResult($"{role} has been removed.");
            ReleaseIfComplete();
        }
    }

    /// <summary>The role has gone unexpectedly: nobody will ever meet it.</summary>
    public void Lost(string role)
    {
        lock (_gate)
        {
            if (!_participants.Remove(role)) return;
            _arrived.Remove(role);
            Break($"{role} is gone.");
        }
    }

    private IEnumerable<string> Missing() => _participants.Where(p => !_arrived.ContainsKey(p));

    private void ReleaseIfComplete()
    {
        if (_arrived.Count == 0 || _broken is not null || Missing().Any()) return;
        foreach (var arrival in _arrived.Values) arrival.TrySetResult(null);
        _arrived.Clear();
        _name = null;
    }

    private void Break(string why)
    {
        _broken ??= why;
        foreach (var arrival in _arrived.Values) arrival.TrySetResult(_broken);
        _arrived.Clear();
    }

    private static string Names(IEnumerable<string> roles) => string.Join(", ", roles.Order(StringComparer.Ordinal));
}
