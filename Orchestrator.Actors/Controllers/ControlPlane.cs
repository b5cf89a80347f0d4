using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Singleton;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.CertificateSigningRequests;
using Orchestrator.Actors.Kinds.ConfigMaps;
using Orchestrator.Actors.Kinds.CronJobs;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Kinds.DaemonSets;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Endpoints;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Kinds.GarbageCollection;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Kinds.ReplicationControllers;
using Orchestrator.Actors.Kinds.ResourceQuotas;
using Orchestrator.Actors.Kinds.Roles;
using Orchestrator.Actors.Kinds.ServiceAccounts;
using Orchestrator.Actors.Kinds.StatefulSets;
using Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;

namespace Orchestrator.Actors.Controllers;

/// <summary>The controllers and the scheduler of one process of the role control-plane.</summary>
/// <param name="Region">The region <c>controller</c>: takes <see cref="GetDecisions"/>.</param>
/// <param name="Events">Records Kubernetes Events for whoever has one to tell.</param>
public sealed record ControlPlane(IActorRef Region, EventRecorder Events)
{
    public const string RegionName = "controller";

    /// <summary>Starts the region of controllers, its triggers, the scheduler singleton and the collector singleton.</summary>
    /// <param name="hosts">Whether the registry of a type runs in this process.</param>
    /// <param name="authority">Signs certificates that were asked for and approved; null signs none.</param>
    /// <param name="elsewhere">What aggregated servers hold; null where there is no way to any.</param>
    public static async Task<ControlPlane> StartAsync(
        ActorSystem system, RegistryClient registries, ResourceStore store, Func<ResourceType, bool> hosts, ControllerSettings settings, TimeProvider clock,
        IActorRef? authority = null, IRemoteContent? elsewhere = null)
    {
        var events = new EventRecorder(store.Admitted, clock, settings.HostName);
        var runner = new ActionRunner(store, events);
        var members = new NodeMembers();
        var namespaces = new NamespaceController(() => store.Catalog);
        var definitions = new CustomResourceDefinitionController(() => store.Catalog);
        ImmutableArray<KindController> controllers =
        [
            new DeploymentController(), new ReplicaSetController(), new ReplicationControllerController(), new DaemonSetController(), new StatefulSetController(),
            new JobController(), new CronJobController(),
            new EndpointsController(), new MirroringController(), new PersistentVolumeClaimProtectionController(), new PersistentVolumeProtectionController(), new PersistentVolumeController(),
            new EphemeralVolumeController(),
            namespaces, new ServiceAccountController(), new NodeController(settings.NodeGracePeriod, members.IsUnreachable), new PodCollectionController(),
            definitions, new PodDisruptionBudgetController(() => store.Catalog), new StaleDisruptionController(), new ValidatingAdmissionPolicyController(() => store.Catalog),
            new ClusterRoleAggregationController(),
            .. settings.RootCertificatePem.Length > 0 ? (KindController[])[new RootCertificateController(settings.RootCertificatePem)] : [],
        ];
        var caches = new ControllerCaches(registries);
        var services = new ControllerServices(
            controllers.ToImmutableDictionary(static c => c.Name, StringComparer.Ordinal), caches, runner, settings, clock, elsewhere);
        var region = await ClusterSharding.Get(system).StartAsync(
            RegionName,
            id => ControllerActor.Props(id, services),
            ClusterShardingSettings.Create(system).WithRole(settings.Role).WithPassivateIdleAfter(TimeSpan.Zero),
            HashCodeMessageExtractor.Create(settings.Shards, static m => m is ControllerMessage c ? c.EntityId : null!)).ConfigureAwait(false);
        Func<IEnumerable<ResourceType>> types = () => controllers.SelectMany(static c => c.Reads).Concat(namespaces.Namespaced()).Concat(definitions.Instances()).Distinct();
        system.ActorOf(Props.Create(() => new TriggerSource(controllers, caches, registries, hosts, types, region, settings.Role)), "controller-triggers");
        system.ActorOf(NodeMembersActor.Props(members, caches, region), "node-members");
        StartSingleton(system, settings.Role, "scheduler", SchedulerActor.Props(registries, store.Admitted, runner, events, clock, settings.SchedulerSeed));
        if (authority is not null)
        {
            StartSingleton(system, settings.Role, "certificate-signer", CertificateSigner.Props(registries, store, authority, clock));
            StartSingleton(system, settings.Role, "token-secrets",
                TokenSecretActor.Props(registries, new TokenSecrets(store, new ClusterTokenSigner(authority), settings.RootCertificatePem)));
        }
        StartSingleton(system, settings.Role, "resource-quota", ResourceQuotaActor.Props(registries, store, clock));
        StartSingleton(system, settings.Role, "garbage-collector",
            GarbageCollectorActor.Props(registries, store, runner, clock, settings.EventsKeptFor));
        return new ControlPlane(region, events);
    }

    private static void StartSingleton(ActorSystem system, string role, string name, Props props) => system.ActorOf(
        ClusterSingletonManager.Props(props, PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithRole(role).WithSingletonName(name)),
        name);
}
