using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Keeps the exceptions that a server logs, so that a test can say what was behind a 500.</summary>
public sealed class CapturedFaults : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<Exception> _faults = new();

    public Exception? Take() => _faults.TryDequeue(out var fault) ? fault : null;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is not null && IsEnabled(logLevel)) _faults.Enqueue(exception);
    }
}
