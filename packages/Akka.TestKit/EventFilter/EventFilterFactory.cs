using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>Makes filters of log events. Several filters combine with And.</summary>
/// <remarks>A text filter without text matches every event of its level; source is a part of the actor's path or of the log source.</remarks>
public class EventFilterFactory
{
    private readonly TestKitBase _testKit;
    private readonly ActorSystem _system;
    private readonly List<EventFilterBase> _filters;

    public EventFilterFactory(TestKitBase testKit, ActorSystem system) : this(testKit, system, []) { }

    internal EventFilterFactory(TestKitBase testKit, ActorSystem system, List<EventFilterBase> filters) =>
        (_testKit, _system, _filters) = (testKit, system, filters);

    public IEventFilterApplier Exception<TException>(Regex pattern, string source = null) where TException : Exception =>
        Exception(typeof(TException), pattern, source);

    public IEventFilterApplier Exception(Type exceptionType, Regex pattern, string source = null, bool checkInnerExceptions = false) =>
        ExceptionFilter(exceptionType, t => pattern is null || pattern.IsMatch(t), source, checkInnerExceptions);

    public IEventFilterApplier Exception<TException>(string message = null, string start = null, string contains = null, string source = null)
        where TException : Exception => Exception(typeof(TException), message, start, contains, source);

    public IEventFilterApplier Exception(
        Type exceptionType, string message = null, string start = null, string contains = null, string source = null, bool checkInnerExceptions = false) =>
        ExceptionFilter(exceptionType, TextMatcher(message, start, contains), source, checkInnerExceptions);

    public IEventFilterApplier Custom(Predicate<LogEvent> predicate) => Add(predicate, "custom");

    public IEventFilterApplier Custom<TLogEvent>(Predicate<TLogEvent> predicate) where TLogEvent : LogEvent =>
        Add(e => e is TLogEvent t && predicate(t), "custom " + typeof(TLogEvent).Name);

    public IEventFilterApplier DeadLetter() => DeadLetters(_ => true, null, "any message");
    public IEventFilterApplier DeadLetter<TMessage>(string source = null) => DeadLetter(typeof(TMessage), source);

    public IEventFilterApplier DeadLetter<TMessage>(Func<TMessage, bool> isMatch, string source = null) =>
        DeadLetters(m => m is TMessage t && isMatch(t), source, typeof(TMessage).Name);

    public IEventFilterApplier DeadLetter(Type type, string source = null) => DeadLetters(type.IsInstanceOfType, source, type.Name);

    public IEventFilterApplier DeadLetter(Type type, Func<object, bool> isMatch, string source = null) =>
        DeadLetters(m => type.IsInstanceOfType(m) && isMatch(m), source, type.Name);

    public IEventFilterApplier Error(string message = null, string start = null, string contains = null, string source = null) =>
        Text<Error>(TextMatcher(message, start, contains), source);

    public IEventFilterApplier Error(Regex pattern, string source = null) => Text<Error>(pattern.IsMatch, source);

    public IEventFilterApplier Warning(string message = null, string start = null, string contains = null, string source = null) =>
        Text<Warning>(TextMatcher(message, start, contains), source);

    public IEventFilterApplier Warning(Regex pattern, string source = null) => Text<Warning>(pattern.IsMatch, source);

    public IEventFilterApplier Info(string message = null, string start = null, string contains = null, string source = null) =>
        Text<Info>(TextMatcher(message, start, contains), source);

    public IEventFilterApplier Info(Regex pattern, string source = null) => Text<Info>(pattern.IsMatch, source);

    public IEventFilterApplier Debug(string message = null, string start = null, string contains = null, string source = null) =>
        Text<Debug>(TextMatcher(message, start, contains), source);

    public IEventFilterApplier Debug(Regex pattern, string source = null) => Text<Debug>(pattern.IsMatch, source);

    private IEventFilterApplier ExceptionFilter(Type type, Func<string, bool> text, string source, bool inner) => Add(e =>
    {
        if (e is not Error error || !SourceMatches(e, source)) return false;
        for (var cause = error.Cause; cause is not null; cause = inner ? cause.InnerException : null)
            if (type.IsInstanceOfType(cause) && (text(cause.Message) || text(e.Message?.ToString() ?? "")))
                return true;
        return false;
    }, "errors with " + type.Name);

    private IEventFilterApplier DeadLetters(Func<object, bool> isMatch, string source, string what) => Add(
        e => e is Warning { Message: DeadLetter letter } && isMatch(letter.Message) && SourceMatches(e, source), $"dead letters with {what}");

    private IEventFilterApplier Text<TEvent>(Func<string, bool> text, string source) where TEvent : LogEvent => Add(
        e => e is TEvent && SourceMatches(e, source) && text(e.Message?.ToString() ?? ""), $"{typeof(TEvent).Name} events");

    private IEventFilterApplier Add(Predicate<LogEvent> matches, string description) =>
        new EventFilterApplier(_testKit, _system, [.. _filters, new PredicateFilter(matches, description)]);

    private static bool SourceMatches(LogEvent e, string source) =>
        source is null || e.LogSource?.Contains(source, StringComparison.Ordinal) == true;

    private static Func<string, bool> TextMatcher(string message, string start, string contains) =>
        message is not null ? t => t == message
        : start is not null ? t => t.StartsWith(start, StringComparison.Ordinal)
        : contains is not null ? t => t.Contains(contains, StringComparison.Ordinal)
        : _ => true;
}
