using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>How a create, update or patch is to be done.</summary>
public sealed record WriteOptions
{
    public static WriteOptions Default { get; } = new();

    /// <summary>Everything but the commit is done.</summary>
    public bool DryRun { get; init; }

    /// <summary>Who owns the fields that are set; empty for the API server itself.</summary>
    public string FieldManager { get; init; } = "";

    /// <summary>The subresource through which the fields are set, when it is not the one that is written: a Scale changes the object itself.</summary>
    public string OwnedThrough { get; init; } = "";

    /// <summary>An apply takes fields that others own.</summary>
    public bool Force { get; init; }

    /// <summary>What the request says of options, for those that are asked at admission; null when all are at their defaults. Not to be changed.</summary>
    public JsonObject? Given { get; init; }

    /// <summary>Who asks.</summary>
    public UserInfo User { get; init; } = UserInfo.ApiServer;

    /// <summary>Where admission puts its remarks; null when nobody reads them.</summary>
    public AdmissionNotes? Notes { get; init; }

    /// <summary>What unknown fields in the result of a patch lead to; other bodies have been decoded with it already.</summary>
    public FieldValidation FieldValidation { get; init; }

    /// <summary>Fields that a patch gives more than once, which are told with the unknown ones of its result; null for none.</summary>
    public List<string>? Duplicates { get; init; }

    /// <summary>The uid that a new object is to have; null for one that nobody has.</summary>
    public string? Uid { get; init; }

    /// <summary>Words the refusal of a patch whose outcome is no object of the kind; null for the words of a body.</summary>
    public Func<DecodeFault, JsonObject, ApiError>? Undecodable { get; init; }
}

/// <summary>What became of a verb: the committed object, or why it was refused.</summary>
/// <param name="Object">The object as stored, in the version in which objects of its type are stored; null when refused.</param>
/// <param name="Error">The refusal.</param>
/// <param name="Warnings">Remarks for the client, whether or not the verb was carried out.</param>
public sealed record StoreResult(StoredObject? Object, ApiError? Error, ImmutableArray<string> Warnings)
{
    /// <summary>The object existed before only in the sense of an apply: this call made it.</summary>
    public bool Created { get; init; }

    public static StoreResult Of(StoredObject o) => new(o, null, []);

    public static StoreResult Refused(ApiError error) => new(null, error, []);
}

/// <summary>What became of a deletion.</summary>
/// <param name="Object">The last state when removed; otherwise the object that waits for its grace period or its finalizers.</param>
/// <param name="Removed">The object is gone.</param>
public sealed record DeleteResult(StoredObject? Object, bool Removed, ApiError? Error)
{
    public static DeleteResult Refused(ApiError error) => new(null, false, error);
}

/// <summary>One status to be written: the whole value of <c>status</c> as UTF-8 JSON.</summary>
public sealed record StatusUpdate(ObjectKey Key, ReadOnlyMemory<byte> Status, string? Uid = null, long? IfRevision = null);

/// <summary>One object to be deleted; nothing happens when it has another uid by now.</summary>
public sealed record DeleteTarget(ObjectKey Key, string? Uid = null)
{
    /// <summary>Nothing is deleted when the object has other owners; null when that does not matter.</summary>
    public ImmutableArray<OwnerReference>? Owners { get; init; }
}
