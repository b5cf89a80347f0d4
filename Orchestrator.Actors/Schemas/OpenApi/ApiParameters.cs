using System.Collections.Immutable;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>The parameters that requests of each kind of action may carry.</summary>
internal static class ApiParameters
{
    public static readonly ApiParameter Pretty = ApiParameter.Query("pretty", "string", "If 'true', the answer is indented.");
    public static readonly ApiParameter Name = new("name", "path", "string", "The name of the object.");
    public static readonly ApiParameter Namespace = new("namespace", "path", "string", "The namespace of the objects.");
    public static readonly ApiParameter ProxyPath = new("path", "path", "string", "The path at the target.");

    private static readonly ApiParameter DryRun = ApiParameter.Query("dryRun", "string", "'All' goes through every stage of the request and stores nothing.");
    private static readonly ApiParameter FieldManager = ApiParameter.Query("fieldManager", "string", "The name of the actor that makes the change.");
    private static readonly ApiParameter FieldValidation = ApiParameter.Query("fieldValidation", "string",
        "What becomes of unknown and of repeated fields: Ignore drops them, Warn also tells, Strict refuses the request.");
    private static readonly ApiParameter Force = ApiParameter.Query("force", "boolean", "An apply takes over the fields of other managers.");
    private static readonly ApiParameter Continue = ApiParameter.Query("continue", "string", "The token of the last chunk, to get the next one.");
    private static readonly ApiParameter FieldSelector = ApiParameter.Query("fieldSelector", "string", "Selects objects by their fields.");
    private static readonly ApiParameter LabelSelector = ApiParameter.Query("labelSelector", "string", "Restricts the list of returned objects to those whose labels are selected.");
    private static readonly ApiParameter Limit = ApiParameter.Query("limit", "integer", "The most objects of one answer.");
    private static readonly ApiParameter ResourceVersion = ApiParameter.Query("resourceVersion", "string", "The version to read, or to watch from.");
    private static readonly ApiParameter ResourceVersionMatch = ApiParameter.Query("resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan.");
    private static readonly ApiParameter SendInitialEvents = ApiParameter.Query("sendInitialEvents", "boolean", "A watch starts with the present objects and a bookmark.");
    private static readonly ApiParameter Timeout = ApiParameter.Query("timeoutSeconds", "integer", "How long a list or a watch may take.");
    private static readonly ApiParameter GracePeriod = ApiParameter.Query("gracePeriodSeconds", "integer", "How long the object has to end; 0 is at once.");
    private static readonly ApiParameter Orphan = ApiParameter.Query("orphanDependents", "boolean", "Deprecated by propagationPolicy.");
    private static readonly ApiParameter Propagation = ApiParameter.Query("propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground.");

    public static readonly ImmutableArray<ApiParameter> Write = [DryRun, FieldManager, FieldValidation];

    public static readonly ImmutableArray<ApiParameter> GetCustom = [ResourceVersion];

    public static readonly ImmutableArray<ApiParameter> Patch = [.. Write, Force];

    public static readonly ImmutableArray<ApiParameter> Delete = [DryRun, GracePeriod, Orphan, Propagation];

    public static readonly ImmutableArray<ApiParameter> List =
    [
        ApiParameter.Query("allowWatchBookmarks", "boolean", "A watch also gets bookmarks."), Continue, FieldSelector, LabelSelector, Limit,
        ResourceVersion, ResourceVersionMatch, SendInitialEvents, Timeout, ApiParameter.Query("watch", "boolean", "Watch for changes to the described resources: additions, updates and removals are told as they happen."),
    ];

    public static readonly ImmutableArray<ApiParameter> DeleteCollection =
    [
        Continue, DryRun, FieldSelector, GracePeriod, LabelSelector, Limit, Orphan, Propagation, ResourceVersion, ResourceVersionMatch,
        SendInitialEvents, Timeout,
    ];

    private static readonly ImmutableArray<ApiParameter> Streams =
    [
        ApiParameter.Query("container", "string", "The container, where the pod has more than one."),
        ApiParameter.Query("stderr", "boolean", "Standard error is wanted."), ApiParameter.Query("stdin", "boolean", "Standard input is sent."),
        ApiParameter.Query("stdout", "boolean", "Standard output is wanted."), ApiParameter.Query("tty", "boolean", "The streams are those of a terminal."),
    ];

    /// <summary>The options of the subresources that connect to a pod, a service or a node.</summary>
    public static ImmutableArray<ApiParameter> Connect(string subresource) => subresource switch
    {
        "exec" => [ApiParameter.Query("command", "string", "The command, one parameter for each of its words."), .. Streams],
        "attach" => Streams,
        "portforward" => [ApiParameter.Query("ports", "integer", "The ports to forward.")],
        "proxy" => [ApiParameter.Query("path", "string", "The path at the target.")],
        _ => [],
    };

    public static readonly ImmutableArray<ApiParameter> Log =
    [
        ApiParameter.Query("container", "string", "The container, where the pod has more than one."),
        ApiParameter.Query("follow", "boolean", "New lines are sent as they come."),
        ApiParameter.Query("insecureSkipTLSVerifyBackend", "boolean", "The certificate of the node is not checked."),
        ApiParameter.Query("limitBytes", "integer", "The most bytes to send."),
        ApiParameter.Query("previous", "boolean", "The log of the container before its last restart."),
        ApiParameter.Query("sinceSeconds", "integer", "Only lines of this many last seconds."),
        ApiParameter.Query("sinceTime", "string", "Only lines after this time."),
        ApiParameter.Query("tailLines", "integer", "Only this many last lines."),
        ApiParameter.Query("timestamps", "boolean", "Each line begins with its time."),
    ];
}
