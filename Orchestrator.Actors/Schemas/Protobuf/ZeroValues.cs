namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>Tells which zero values on the wire were never set by anyone.</summary>
/// <remarks>
/// Go writes every field that is not a pointer, zero or not, and leaves those out of JSON. A pointer is written only when set, and
/// its zero means something (replicas: 0). The wire cannot tell the two apart, so this must: by the conventions of the API, an optional
/// string is plain, an optional number or bool of a spec is a pointer, and a number of a status is plain. The exceptions are named here.
/// </remarks>
internal static class ZeroValues
{
    private static readonly HashSet<string> StringPointers = new(StringComparer.Ordinal)
    {
        "core.v1.PersistentVolumeClaimSpec.storageClassName", "core.v1.PersistentVolumeClaimSpec.volumeAttributesClassName",
        "core.v1.PersistentVolumeSpec.volumeAttributesClassName", "core.v1.TypedLocalObjectReference.apiGroup",
        "core.v1.TypedObjectReference.apiGroup", "coordination.v1.LeaseSpec.holderIdentity", "discovery.v1.EndpointPort.name",
        "discovery.v1.EndpointPort.appProtocol", "discovery.v1.Endpoint.hostname", "core.v1.ServicePort.appProtocol",
        "batch.v1.JobSpec.managedBy", "batch.v1.CronJobSpec.timeZone", "core.v1.PodSpec.runtimeClassName",
    };

    private static readonly HashSet<string> PlainNumbers = new(StringComparer.Ordinal)
    {
        "apiextensions.v1.CustomResourceColumnDefinition.priority", "autoscaling.v1.ScaleSpec.replicas",
        "core.v1.AWSElasticBlockStoreVolumeSource.partition", "core.v1.ContainerImage.sizeBytes", "core.v1.ContainerPort.hostPort",
        "core.v1.ContainerStateTerminated.signal", "core.v1.Event.count", "core.v1.EventSeries.count", "events.v1.Event.deprecatedCount",
        "core.v1.GCEPersistentDiskVolumeSource.partition", "core.v1.Probe.failureThreshold", "core.v1.Probe.initialDelaySeconds",
        "core.v1.Probe.periodSeconds", "core.v1.Probe.successThreshold", "core.v1.Probe.timeoutSeconds", "core.v1.ServicePort.nodePort",
        "core.v1.ServiceSpec.healthCheckNodePort", "meta.v1.Condition.observedGeneration", "meta.v1.ObjectMeta.generation",
        "meta.v1.StatusDetails.retryAfterSeconds",
    };

    private static readonly HashSet<string> StatusPointers = new(StringComparer.Ordinal)
    {
        "collisionCount", "ready", "terminating", "currentCPUUtilizationPercentage", "started",
    };

    private static readonly HashSet<string> PlainBools = new(StringComparer.Ordinal)
    {
        "authenticated", "chapAuthDiscovery", "chapAuthSession", "deprecated", "exclusiveMaximum", "exclusiveMinimum", "hostIPC",
        "hostNetwork", "hostPID", "nullable", "paused", "preserveUnknownFields", "publishNotReadyAddresses", "readOnly", "sslEnabled",
        "stdin", "stdinOnce", "tty", "uniqueItems", "unschedulable", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string",
    };

    /// <summary>True when a zero value of the field on the wire is to be read as absent.</summary>
    public static bool MeanUnset(TypeSchema owner, FieldSchema field)
    {
        if (field.Required) return false;
        var name = $"{owner.Name}.{field.Name}";
        return field.Type.Kind switch
        {
            SchemaKind.String or SchemaKind.Bytes => !StringPointers.Contains(name),
            SchemaKind.Int32 or SchemaKind.Int64 => PlainNumbers.Contains(name) || field.Name == "minReadySeconds"
                || (owner.Name.EndsWith("Status", StringComparison.Ordinal) && !StatusPointers.Contains(field.Name)),
            SchemaKind.Bool => PlainBools.Contains(field.Name),
            _ => false,
        };
    }
}
