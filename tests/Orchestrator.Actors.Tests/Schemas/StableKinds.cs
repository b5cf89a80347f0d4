namespace Orchestrator.Actors.Tests.Schemas;

/// <summary>Every stable kind of Kubernetes 1.32 with its paths and verbs, one a line.</summary>
/// <remarks>A line is: path, kind, ns or cluster, verbs as letters (c create, d delete, x deletecollection, g get, l list, p patch,
/// u update, w watch; s for all of them), then the subresources with their verbs.</remarks>
internal static class StableKinds
{
    public const string Text = """
        core/v1/componentstatuses ComponentStatus cluster gl
        core/v1/configmaps ConfigMap ns s
        core/v1/endpoints Endpoints ns s
        core/v1/events Event ns s
        core/v1/limitranges LimitRange ns s
        core/v1/namespaces Namespace cluster cdglpuw finalize:u status:gpu
        core/v1/bindings Binding ns c
        core/v1/persistentvolumeclaims PersistentVolumeClaim ns s status:gpu
        core/v1/pods Pod ns s attach:cg binding:c ephemeralcontainers:gpu eviction:c exec:cg log:g portforward:cg proxy:cdgpu status:gpu
        core/v1/podtemplates PodTemplate ns s
        core/v1/replicationcontrollers ReplicationController ns s scale:gpu status:gpu
        core/v1/resourcequotas ResourceQuota ns s status:gpu
        core/v1/secrets Secret ns s
        core/v1/serviceaccounts ServiceAccount ns s token:c
        core/v1/services Service ns s proxy:cdgpu status:gpu
        core/v1/nodes Node cluster s proxy:cdgpu status:gpu
        core/v1/persistentvolumes PersistentVolume cluster s status:gpu
        admissionregistration.k8s.io/v1/mutatingwebhookconfigurations MutatingWebhookConfiguration cluster s
        admissionregistration.k8s.io/v1/validatingadmissionpolicies ValidatingAdmissionPolicy cluster s status:gpu
        admissionregistration.k8s.io/v1/validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cluster s
        admissionregistration.k8s.io/v1/validatingwebhookconfigurations ValidatingWebhookConfiguration cluster s
        apiextensions.k8s.io/v1/customresourcedefinitions CustomResourceDefinition cluster s status:gpu
        apiregistration.k8s.io/v1/apiservices APIService cluster s status:gpu
        apps/v1/controllerrevisions ControllerRevision ns s
        apps/v1/daemonsets DaemonSet ns s status:gpu
        apps/v1/deployments Deployment ns s scale:gpu status:gpu
        apps/v1/replicasets ReplicaSet ns s scale:gpu status:gpu
        apps/v1/statefulsets StatefulSet ns s scale:gpu status:gpu
        authentication.k8s.io/v1/selfsubjectreviews SelfSubjectReview cluster c
        authentication.k8s.io/v1/tokenreviews TokenReview cluster c
        authorization.k8s.io/v1/localsubjectaccessreviews LocalSubjectAccessReview ns c
        authorization.k8s.io/v1/selfsubjectaccessreviews SelfSubjectAccessReview cluster c
        authorization.k8s.io/v1/selfsubjectrulesreviews SelfSubjectRulesReview cluster c
        authorization.k8s.io/v1/subjectaccessreviews SubjectAccessReview cluster c
        autoscaling/v1/horizontalpodautoscalers HorizontalPodAutoscaler ns s status:gpu
        autoscaling/v2/horizontalpodautoscalers HorizontalPodAutoscaler ns s status:gpu
        batch/v1/cronjobs CronJob ns s status:gpu
        batch/v1/jobs Job ns s status:gpu
        certificates.k8s.io/v1/certificatesigningrequests CertificateSigningRequest cluster s approval:gpu status:gpu
        coordination.k8s.io/v1/leases Lease ns s
        discovery.k8s.io/v1/endpointslices EndpointSlice ns s
        events.k8s.io/v1/events Event ns s
        flowcontrol.apiserver.k8s.io/v1/flowschemas FlowSchema cluster s status:gpu
        flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations PriorityLevelConfiguration cluster s status:gpu
        networking.k8s.io/v1/ingressclasses IngressClass cluster s
        networking.k8s.io/v1/ingresses Ingress ns s status:gpu
        networking.k8s.io/v1/networkpolicies NetworkPolicy ns s
        node.k8s.io/v1/runtimeclasses RuntimeClass cluster s
        policy/v1/poddisruptionbudgets PodDisruptionBudget ns s status:gpu
        rbac.authorization.k8s.io/v1/clusterrolebindings ClusterRoleBinding cluster s
        rbac.authorization.k8s.io/v1/clusterroles ClusterRole cluster s
        rbac.authorization.k8s.io/v1/rolebindings RoleBinding ns s
        rbac.authorization.k8s.io/v1/roles Role ns s
        scheduling.k8s.io/v1/priorityclasses PriorityClass cluster s
        storage.k8s.io/v1/csidrivers CSIDriver cluster s
        storage.k8s.io/v1/csinodes CSINode cluster s
        storage.k8s.io/v1/csistoragecapacities CSIStorageCapacity ns s
        storage.k8s.io/v1/storageclasses StorageClass cluster s
        storage.k8s.io/v1/volumeattachments VolumeAttachment cluster s status:gpu
        """;

    public sealed record Line(string Group, string Version, string Plural, string Kind, bool Namespaced, string[] Verbs, (string Name, string[] Verbs)[] Subresources)
    {
        public override string ToString() => $"{Group}/{Version}/{Plural}";
    }

    public static IEnumerable<Line> All => Text.Split('\n').Select(Read);

    private static Line Read(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var path = words[0].Split('/');
        return new Line(path[0] == "core" ? "" : path[0], path[1], path[2], words[1], words[2] == "ns", Verbs(words[3]),
            [.. words[4..].Select(static w => w.Split(':')).Select(static w => (w[0], Verbs(w[1])))]);
    }

    private static string[] Verbs(string letters) => [.. (letters == "s" ? "cdxglpuw" : letters).Select(static c => c switch
    {
        'c' => "create",
        'd' => "delete",
        'x' => "deletecollection",
        'g' => "get",
        'l' => "list",
        'p' => "patch",
        'u' => "update",
        _ => "watch",
    }).Order(StringComparer.Ordinal)];
}
