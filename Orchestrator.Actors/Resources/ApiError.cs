using System.Collections.Immutable;
using System.Text;

namespace Orchestrator.Actors.Resources;

/// <summary>One fault of a request, as <c>details.causes[]</c> of a Status names it.</summary>
/// <param name="Reason">A CauseType of Kubernetes, such as <c>FieldValueRequired</c>.</param>
/// <param name="Field">The path of the field, such as <c>spec.containers[0].name</c>.</param>
/// <param name="Message">What is wrong, without the path.</param>
public sealed record ErrorCause(string Reason, string Field, string Message);

/// <summary>A refusal: what the API server turns into a Status object. A bug is an exception instead.</summary>
/// <remarks>Reasons and codes follow k8s.io/apimachinery's StatusReason.</remarks>
public sealed record ApiError(int Code, string Reason, string Message)
{
    /// <summary>The API group of the object in question, or empty.</summary>
    public string Group { get; init; } = "";

    /// <summary>The plural (or, for Invalid, the kind) of the object in question, or empty.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The name of the object in question, or empty.</summary>
    public string Name { get; init; } = "";

    public ImmutableArray<ErrorCause> Causes { get; init; } = [];

    /// <summary>The Status has details even where there is nothing to say in them, as what the server's own libraries refuse has.</summary>
    public bool HasDetails { get; init; }

    /// <summary>After how many seconds a retry is worth it; 0 says nothing.</summary>
    public int RetryAfterSeconds { get; init; }

    public static ApiError NotFound(ResourceType type, string name) =>
        new(404, "NotFound", $"{type} \"{name}\" not found") { Group = type.Group, Kind = type.Plural, Name = name };

    /// <param name="deleting">The one that exists is on its way out: clients wait rather than give up.</param>
    public static ApiError AlreadyExists(ResourceType type, string name, bool deleting = false) =>
        new(409, "AlreadyExists", $"{(deleting ? "object is being deleted: " : "")}{type} \"{name}\" already exists") { Group = type.Group, Kind = type.Plural, Name = name };

    public static ApiError Conflict(ResourceType type, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {type} \"{name}\": {why}")
        { Group = type.Group, Kind = type.Plural, Name = name };

    /// <summary>The conflict of a write that means an object of another uid under this name.</summary>
    /// <param name="type">The type as requested.</param>
    /// <param name="storedAs">The type under which it is stored.</param>
    /// <param name="wanted">The uid that the write names.</param>
    /// <param name="found">The uid of what is stored; empty when nothing is.</param>
    public static ApiError OtherUid(ResourceType type, ResourceType storedAs, ObjectKey key, string wanted, string found) =>
        Conflict(type, key.Name, $"StorageError: invalid object, Code: 4, Key: {StoragePath.Of(storedAs, key)}, ResourceVersion: 0, " +
            $"AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");

    /// <summary>The conflict of optimistic concurrency, in the words that clients know.</summary>
    public static ApiError Modified(ResourceType type, string name) =>
        Conflict(type, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiError Forbidden(ResourceType type, string name, string why) =>
        new(403, "Forbidden", $"{type} \"{name}\" is forbidden: {why}") { Group = type.Group, Kind = type.Plural, Name = name };

    public static ApiError BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiError Expired(string message) => new(410, "Expired", message);

    public static ApiError TooManyRequests(string message, int retryAfterSeconds) =>
        new(429, "TooManyRequests", message) { RetryAfterSeconds = retryAfterSeconds };

    public static ApiError Timeout(string message) => new(504, "Timeout", message);

    /// <summary>The request was not carried out and may be sent again at once, as while a registry moves.</summary>
    public static ApiError ServerTimeout(ResourceType type, string verb, int retryAfterSeconds = 1) =>
        new(500, "ServerTimeout", $"The {verb} operation against {type} could not be completed at this time, please try again.")
        { Group = type.Group, Kind = type.Plural, RetryAfterSeconds = retryAfterSeconds };

    public static ApiError Internal(string message) =>
        new(500, "InternalError", $"Internal error occurred: {message}") { Causes = [new ErrorCause("", "", message)] };

    /// <summary>422 with every fault at once. <paramref name="kind"/> is the Kind, as upstream words it.</summary>
    public static ApiError Invalid(string group, string kind, string name, ImmutableArray<ErrorCause> causes)
    {
        // Faults may be long, so their text is put together once.
        var text = new StringBuilder(group.Length == 0 ? kind : $"{kind}.{group}").Append(" \"").Append(name).Append("\" is invalid: ");
        if (causes.Length != 1) text.Append('[');
        for (var i = 0; i < causes.Length; i++)
        {
            if (i > 0) text.Append(", ");
            if (causes[i].Field.Length > 0) text.Append(causes[i].Field).Append(": ");
            text.Append(causes[i].Message);
        }
        if (causes.Length != 1) text.Append(']');
        return new ApiError(422, "Invalid", text.ToString())
        { Group = group, Kind = kind, Name = name, Causes = causes };
    }
}
