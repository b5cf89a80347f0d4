using System.Net;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Ingresses;

/// <summary>Hosts, paths, backends and certificates of an ingress.</summary>
/// <remarks>Source: kubernetes pkg/apis/networking/validation.</remarks>
public sealed class IngressValidation : IKindValidation
{
    private const string ClassAnnotation = "kubernetes.io/ingress.class";

    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly string[] PathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        var backend = JsonTree.Object(spec, "defaultBackend");
        if (spec.CountOf("rules") == 0 && backend is null)
            faults.Invalid(Spec, spec?["rules"] ?? new JsonArray(), "either `defaultBackend` or `rules` must be specified");
        if (backend is not null) ValidateBackend(backend, Spec.Child("defaultBackend"), faults);
        foreach (var (index, rule) in spec.Entries("rules")) ValidateRule(rule, Spec.Child("rules").Index(index), faults);
        foreach (var (index, certificate) in spec.Entries("tls")) ValidateCertificate(certificate, Spec.Child("tls").Index(index), faults);
        if (JsonTree.String(spec, "ingressClassName") is not { } name) return;
        if (ObjectNames.Subdomain(name) is { } fault) faults.Invalid(Spec.Child("ingressClassName"), name, fault);
        if (JsonTree.String(JsonTree.Object(JsonTree.Object(tree, "metadata"), "annotations"), ClassAnnotation) is { } old && old != name)
            faults.Invalid(FieldPath.Of("annotations").Child(ClassAnnotation), old, "must match `ingressClassName` when both are specified");
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource != "status") return;
        var path = FieldPath.Of("status").Child("loadBalancer").Child("ingress");
        foreach (var (index, address) in JsonTree.Object(JsonTree.Object(tree, "status"), "loadBalancer").Entries("ingress"))
        {
            var ip = JsonTree.String(address, "ip") ?? "";
            var host = JsonTree.String(address, "hostname") ?? "";
            if (ip.Length > 0 && !AddressFaults.TryParse(ip, out _)) faults.Invalid(path.Index(index).Child("ip"), ip, AddressFaults.NotAnAddress);
            if (host.Length == 0) continue;
            if (ObjectNames.Subdomain(host) is { } fault) faults.Invalid(path.Index(index).Child("hostname"), host, fault);
            if (AddressFaults.TryParse(host, out _)) faults.Invalid(path.Index(index).Child("hostname"), host, "must be a DNS name, not an IP address");
        }
    }

    private static void ValidateRule(JsonObject rule, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(rule, "host") is { Length: > 0 } host)
        {
            if (IPAddress.TryParse(host, out _)) faults.Invalid(path.Child("host"), host, "must be a DNS name, not an IP address");
            ValidateHost(host, path.Child("host"), faults);
        }
        if (JsonTree.Object(rule, "http") is not { } http) return;
        var paths = path.Child("http").Child("paths");
        if (http.CountOf("paths") == 0) faults.Required(paths);
        foreach (var (index, item) in http.Entries("paths")) ValidatePath(item, paths.Index(index), faults);
    }

    /// <summary>A name, or *. and a name: a wildcard stands for the first label alone.</summary>
    private static void ValidateHost(string host, FieldPath path, FaultList faults)
    {
        if (!host.Contains('*', StringComparison.Ordinal))
        {
            if (ObjectNames.Subdomain(host) is { } fault) faults.Invalid(path, host, fault);
        }
        else if (!host.StartsWith("*.", StringComparison.Ordinal) || ObjectNames.Subdomain(host.AsSpan(2)) is not null)
        {
            faults.Invalid(path, host, "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case " +
                "alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is " +
                "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
        }
    }

    private static void ValidatePath(JsonObject item, FieldPath path, FaultList faults)
    {
        var text = JsonTree.String(item, "path") ?? "";
        switch (JsonTree.String(item, "pathType"))
        {
            case null or "":
                faults.Required(path.Child("pathType"), "pathType must be specified");
                break;
            case "Exact" or "Prefix":
                if (!text.StartsWith('/')) faults.Invalid(path.Child("path"), text, "must be an absolute path");
                foreach (var sequence in (ReadOnlySpan<string>)["//", "/./", "/../", "%2f", "%2F"])
                    if (text.Contains(sequence, StringComparison.Ordinal)) faults.Invalid(path.Child("path"), text, $"must not contain '{sequence}'");
                foreach (var end in (ReadOnlySpan<string>)["/..", "/."])
                    if (text.EndsWith(end, StringComparison.Ordinal)) faults.Invalid(path.Child("path"), text, $"cannot end with '{end}'");
                break;
            case "ImplementationSpecific":
                if (text.Length > 0 && !text.StartsWith('/')) faults.Invalid(path.Child("path"), text, "must be an absolute path");
                break;
            case var other:
                faults.NotSupported(path.Child("pathType"), other, PathTypes);
                break;
        }
        if (JsonTree.Object(item, "backend") is { } backend) ValidateBackend(backend, path.Child("backend"), faults);
    }

    private static void ValidateBackend(JsonObject backend, FieldPath path, FaultList faults)
    {
        var resource = JsonTree.Object(backend, "resource");
        var service = JsonTree.Object(backend, "service");
        if (resource is not null && service is not null) faults.Invalid(path, "", "cannot set both resource and service backends");
        else if (resource is not null) ValidateResource(resource, path.Child("resource"), faults);
        else if (service is not null) ValidateService(service, path.Child("service"), faults);
        else faults.Invalid(path, "", "resource or service backend is required");
    }

    private static void ValidateResource(JsonObject resource, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(resource, "apiGroup") is { Length: > 0 } group && ObjectNames.Subdomain(group) is { } fault) faults.Invalid(path.Child("apiGroup"), group, fault);
        foreach (var field in (ReadOnlySpan<string>)["kind", "name"])
            if (JsonTree.String(resource, field) is { Length: > 0 } value && ObjectNames.PathSegment(value) is { } wrong) faults.Invalid(path.Child(field), value, wrong);
    }

    private static void ValidateService(JsonObject service, FieldPath path, FaultList faults)
    {
        var name = FieldRules.Required(service, "name", path, faults);
        if (name.Length > 0 && ObjectNames.Label1035(name) is { } fault) faults.Invalid(path.Child("name"), name, fault);
        var port = JsonTree.Object(service, "port");
        var number = JsonTree.Int64(port, "number") ?? 0;
        var portName = JsonTree.String(port, "name") ?? "";
        var here = path.Child("port");
        if (portName.Length > 0 && number != 0) faults.Invalid(here, "", "cannot set both port name & port number");
        else if (portName.Length > 0)
        {
            if (ObjectNames.PortName(portName) is { } wrong) faults.Invalid(here.Child("name"), portName, wrong);
        }
        else if (number != 0)
        {
            if (number is < 1 or > 65535) faults.Invalid(here.Child("number"), number, "must be between 1 and 65535, inclusive");
        }
        else faults.Required(path, "port name or number is required");
    }

    private static void ValidateCertificate(JsonObject certificate, FieldPath path, FaultList faults)
    {
        var hosts = certificate.Texts("hosts");
        for (var i = 0; i < hosts.Length; i++) ValidateHost(hosts[i], path.Child("hosts").Index(i), faults);
        if (JsonTree.String(certificate, "secretName") is { Length: > 0 } secret && ObjectNames.Subdomain(secret) is { } fault)
            faults.Invalid(path.Child("secretName"), secret, fault);
    }
}
