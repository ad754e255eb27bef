/* State topics over two cross gateways that peer, with the owner below them. One topic, four nodes:
 *
 *        A (1) ------- B (2)        cross gateways, peer link
 *        |   \       /   |
 *        |     \   /     |          O (0) owner (cross_center), dials A and B
 *        |     /   \     |          L (3) leaf (shard gateway), dials A and B
 *        O (0)       L (3)
 *
 * Links   0 O-A  1 O-B  2 A-B  3 L-A  4 L-B.  Offers d (who may say the topic to whom): 0 O>A 1 O>B 2 A>B 3 B>A 4 A>L
 * 5 B>L. A copy is one byte: epoch, revision and the hash (a number that each start and change of the owner draws).
 * Per offer: one message on the wire (dt, dv: LIST or SNAP), what waits behind it (pend: the dirty flag, newest content
 * when it is written), said and heard, and for the other way a want (uw) and a report (ur, uc; conflated).
 *
 * Rules modelled, with the file of src/sync that has them:
 *   accept iff newer; every change is pushed to every link that is offered it, whoever delivered it   state_topics
 *   both sides list at link-up; an answer is a want or a report                                         state_answers
 *   a full queue sets the dirty flag, content is taken when it is written                               link_turn
 *   the heartbeat compares said with heard, a difference lists again                                    state_topics
 *   reports go to the owner's link, else once to the peer, else up                                      report_route
 *   a node that passes a report on puts its own version into the slot as well                           state_answers
 *   the owner bumps its epoch (persisted) on a report that is ahead or clashes; new epoch at each start topic_owner
 *   R1 standing comparison: at each heartbeat a receiver compares what it heard on a link with what it holds; where they
 *      differ it answers again, want or report. (said == heard does not show that the answer arrived.)  state_answers
 *   R2 a SNAP that is not accepted and is not equal is answered like a list entry                       state_topics
 *   R3 two reports of one version with different hashes never replace each other: both travel (uc)      report_slots
 * Left out: contents, several topics, what whole lists lack, tombstones, the limit of 4 bumps, all damping and the one
 * tick of grace before R1. A digest that agrees changes nothing and is not sent. An empty list gets no answer.
 *
 * Budgets   -DUPD changes -DCR crashes (volatile state lost) -DLD link drops -DPD links that go for ever (never
 *           more than leaves everybody reachable: see enough) -DLOSS messages lost -DHB heartbeats while something is
 *           still down. -DMASK=bits of the links that ever come up (31 all, 29 O-B never, 13 chain O-A-B with L at A,
 *           21 chain with L at B, 15 L at A only). -DBOOTED: A, B, L are up at the beginning (O starts at any time);
 *           without it any start order.
 * Modes     -DSAFE   end states must have converged, and no more than MAXHB (5) heartbeats in a row may have
 *                    something to heal (which excludes livelock). Heartbeats happen when nothing is in flight.
 *                    spin -DSAFE ... -a sync.pml && gcc -O2 -DCOLLAPSE -DSAFETY -o pan pan.c && ./pan -E -m20000
 *                    With -DLAX idle noise is allowed (used for the controls: only lost convergence counts).
 *           (none)   ltl p1 <>[]conv; heartbeats as above, hence no fairness is needed.
 *                    spin ... -a sync.pml && gcc -O2 -DCOLLAPSE -o pan pan.c && ./pan -a -m200000
 *           -DFAIR   ltl p1, one process per action, heartbeats at any time, weak fairness.
 *                    gcc -O2 -DNFAIR=7 -DCOLLAPSE -o pan pan.c && ./pan -a -f -m200000
 * Trails    spin <the same -D> -t sync.pml (prints BOOT, UP, RX kind version, WANT, REPORT, HEARTBEAT ...)
 * Controls  each takes one rule away and must be refuted: PROV (learned from a peer: offered below only)  NODIGEST
 *           NOLEARN (owner ignores reports)  DROP (full queue drops)  UPPERONLY (owner does not list at link-up)
 *           SNAPREP (no R1)  ASWRITTEN (no R1, no R2)  ONESEEN (no R3).
 *           R2 alone is not refuted: with R1 it only saves a heartbeat (tried on LOSTDISK UPD1 CR2 MASK21, LOSTDISK UPD1
 *           CR1 LD1 LOSS1 MASK21 and LOSTDISK CR1 on all links); a unit test of StateTopics is its control.
 *           LOSTDISK is no control but a fault: each start of the owner is epoch 1.
 *
 * model.test.ts runs what is quick. Results on this text (2 cores; states stored, seconds of the search; budgets that
 * are not named are 0, all with BOOTED)
 *   holds    SAFE UPD1, all links                                                947,725     3.3
 *            SAFE CR1 PD1, all links                                           1,700,259     9.8
 *            SAFE LOSTDISK CR1, all links                                      2,688,734     9.8
 *            SAFE UPD1 CR1 LD1 LOSS1 MASK21                                      320,271     2.7
 *            SAFE LOSTDISK UPD1 CR1 LD1 LOSS1 MASK21                             350,505     1.3
 *            SAFE LOSTDISK UPD1 CR2 MASK21                                       330,281     0.9
 *            SAFE LOSTDISK UPD1 CR2 LD1 LOSS1 MASK21                           4,820,786    19.7
 *            SAFE LOSTDISK CR1 MASK15                                            160,950     1.0
 *            ltl  UPD1 CR1 LOSS1 MASK13                                          307,439     3.1
 *            ltl  LOSTDISK UPD1 CR2 MASK21                                       653,984     4.4
 *            ltl  LOSTDISK CR1 LOSS1 MASK13                                       18,468     0.2
 *   refuted  SAFE LAX PROV CR1 PD1, all links                                    483,535     3.3
 *            SAFE LAX NODIGEST LOSS1 MASK13                                           27     0.1
 *            SAFE LAX NOLEARN LOSTDISK CR1                                            43     0.1
 *            SAFE LAX DROP UPD2 MASK13                                                37     0.1
 *            SAFE LAX UPPERONLY                                                       13     0.1
 *            SAFE LAX SNAPREP LOSS1 MASK13: a lost want                               21     0.1
 *            SAFE LAX SNAPREP LOSTDISK UPD1 CR2 MASK21: dirty flag hid the clash     895     0.1
 *            ltl  ASWRITTEN LOSTDISK UPD1 CR2 MASK21: nobody reports               1,573     0.1
 *            SAFE LAX ONESEEN LOSTDISK UPD1 CR2 MASK21: one report hides another   6,027     0.1
 * Not covered: full faults on all links, LOSTDISK CR2 on all links (not finished in a minute), FAIR, budgets above these.
 */
#ifndef UPD
#define UPD 1
#endif
#ifndef CR
#define CR 1
#endif
#ifndef LD
#define LD 1
#endif
#ifndef PD
#define PD 1
#endif
#ifndef LOSS
#define LOSS 1
#endif
#ifndef HB
#define HB 0
#endif
#ifndef MASK
#define MASK 31
#endif
#define LIST 1
#define SNAP 2

/* d: 0 O>A  1 O>B  2 A>B  3 B>A  4 A>L  5 B>L */
#define src(d) ((d)<2 -> 0 : (((d)==2 || (d)==4) -> 1 : 2))
#define dst(d) (((d)==0 || (d)==3) -> 1 : (((d)==1 || (d)==2) -> 2 : 3))
#define lnk(d) ((d)<3 -> (d) : (d)-1)
/* links: 0 O-A  1 O-B  2 A-B  3 L-A  4 L-B */
#define enda(l) ((l)<2 -> 0 : ((l)==2 -> 1 : 3))
#define endb(l) (((l)==0 || (l)==3) -> 1 : 2)

#define ver(e,r,v) (((e)<<5) | ((r)<<3) | (v))
#define ep(x) ((x)>>5)
#define vr(x) ((x)>>3)
#define newer(x,y) (vr(x) > vr(y))
#define clash(x,y) (vr(x) == vr(y) && (x) != (y))

bool alive[4], lk[5], may[5];
byte have[4];
byte dt[6], dv[6], pend[6], said[6], heard[6], ur[6];
bool uw[6], uc[6];
byte upd = UPD, cr = CR, ld = LD, pd = PD, loss = LOSS, hb = HB, nextv = 1, dsk = 0;
#ifdef PROV
bool prov[4];
#endif
hidden byte x, y, k, n;
hidden byte cl;
#ifndef MAXHB
#define MAXHB 5
#endif
#ifdef SAFE
byte beats;            /* heartbeats in a row since the last fault, start, link-up or change */
#define fresh beats=0
#ifdef LAX
#define count if :: allup -> beats++; assert(conv || beats<=MAXHB) :: else -> skip fi
#else
#define count if :: allup -> beats++; assert(beats<=MAXHB) :: else -> skip fi
#endif
#define more (beats<=MAXHB)
#else
#define fresh skip
#define count skip
#define more true
#endif

#define flying(d) (dt[d]+pend[d]+uw[d]+ur[d])
#define quiet (flying(0)+flying(1)+flying(2)+flying(3)+flying(4)+flying(5) == 0)
#define allup (alive[0] && alive[1] && alive[2] && alive[3] && lk[0]==may[0] && lk[1]==may[1] && lk[2]==may[2] && lk[3]==may[3] && lk[4]==may[4])
#define conv (allup && have[0]!=0 && have[1]==have[0] && have[2]==have[0] && have[3]==have[0])
#define enough(a,b,c,d,e) (((a)||(b)) && ((c) || ((a)&&(b))) && ((d)||(e)))

inline put(d,kk) { if
  :: !lk[lnk(d)] -> skip
#ifdef PROV
  :: lk[lnk(d)] && ((d)==2 || (d)==3) && prov[src(d)] -> skip
  :: lk[lnk(d)] && !(((d)==2 || (d)==3) && prov[src(d)]) && dt[d]==0 -> dt[d]=kk; dv[d]=have[src(d)]; said[d]=dv[d]
#else
  :: lk[lnk(d)] && dt[d]==0 -> dt[d]=kk; dv[d]=have[src(d)]; said[d]=dv[d]
#endif
#ifdef DROP
  :: else -> skip
#else
  :: else -> if :: pend[d]<kk -> pend[d]=kk :: else -> skip fi
#endif
  fi }
#ifdef ONESEEN
#define tie(d,v,c) ur[d]=v
#else
#define tie(d,v,c) uc[d]=(uc[d] || c || ur[d]!=v)
#endif
inline slot(d,v,c) { if :: ur[d]==0 || newer(v,ur[d]) -> ur[d]=v; uc[d]=c :: ur[d]!=0 && vr(ur[d])==vr(v) -> tie(d,v,c) :: else -> skip fi }
/* A report that is passed on takes the own version of who passes it on with it. */
inline own(d,nn) { if :: have[nn]!=0 -> slot(d,have[nn],false) :: else -> skip fi }
inline report(nn,d,v) { if
  :: nn==3 -> slot(d,v,false)
  :: nn==1 && lk[0] -> slot(0,v,false)
  :: nn==2 && lk[1] -> slot(1,v,false)
  :: nn==1 && !lk[0] && lk[2] -> slot(3,v,false)
  :: nn==2 && !lk[1] && lk[2] -> slot(2,v,false)
  :: else -> skip fi }
inline answer(d) { n=dst(d); x=heard[d]; y=have[n]; if
  :: x==0 || x==y -> skip
  :: x!=0 && newer(x,y) -> uw[d]=true
  :: else -> report(n,d,y) fi }
inline push(nn) { if
  :: nn==0 -> put(0,SNAP); put(1,SNAP)
  :: nn==1 -> put(2,SNAP); put(4,SNAP)
  :: nn==2 -> put(3,SNAP); put(5,SNAP)
  :: else -> skip fi }
inline rx(d) { n=dst(d); k=dt[d]; x=dv[d]; dt[d]=0; dv[d]=0; heard[d]=x;
  if
  :: k==SNAP && newer(x,have[n]) -> have[n]=x;
#ifdef PROV
     prov[n]=((d)==2 || (d)==3);
#endif
     push(n)
#ifdef ASWRITTEN
  :: k==LIST -> answer(d)
  :: else -> skip
#else
  :: else -> answer(d)
#endif
  fi; x=0; y=0; k=0; n=0 }
inline tx(d) { dt[d]=pend[d]; dv[d]=have[src(d)]; said[d]=dv[d]; pend[d]=0 }
inline rep(d) { y=ur[d]; cl=uc[d]; ur[d]=0; uc[d]=false; n=src(d); if
  :: n==0 -> if
#ifndef NOLEARN
     :: newer(y,have[0]) || clash(y,have[0]) || (cl && y==have[0]) -> assert(ep(y)<7); dsk=ep(y)+1; have[0]=ver(dsk,1,have[0]&7); push(0)
#endif
     :: else -> skip fi
  :: n==1 && lk[0] -> slot(0,y,cl); own(0,1)
  :: n==2 && lk[1] -> slot(1,y,cl); own(1,2)
  :: n==1 && !lk[0] && (d)==4 && lk[2] -> slot(3,y,cl); own(3,1)
  :: n==2 && !lk[1] && (d)==5 && lk[2] -> slot(2,y,cl); own(2,2)
  :: else -> skip fi; y=0; n=0; cl=false }

#ifdef FAIR
#define hbok true
#define hbuse skip
#else
#define hbok (quiet && ((allup && more) || (!allup && hb>0)))
#define hbuse if :: !allup -> hb-- :: else -> skip fi
#endif
#ifdef NODIGEST
#define differs(d) false
#else
#define differs(d) (lk[lnk(d)] && dt[d]==0 && pend[d]==0 && said[d]!=heard[d])
#endif
#if defined(ASWRITTEN) || defined(SNAPREP)
#define stands(d) false
#else
#define stands(d) (lk[lnk(d)] && dt[d]==0 && pend[d]==0 && !uw[d] && ur[d]==0 && said[d]==heard[d] && heard[d]!=0 && heard[d]!=have[dst(d)])
#endif

#define beatable(d) (differs(d) || stands(d))
inline beat(d) { if :: differs(d) -> put(d,LIST) :: else -> if :: stands(d) -> answer(d) :: else -> skip fi fi }
inline zap(d) { dt[d]=0; dv[d]=0; pend[d]=0; said[d]=0; heard[d]=0; ur[d]=0; uc[d]=false; uw[d]=false }
inline cut(l) { lk[l]=false; if
  :: (l)==0 -> zap(0) :: (l)==1 -> zap(1) :: (l)==2 -> zap(2); zap(3) :: (l)==3 -> zap(4) :: (l)==4 -> zap(5) fi }
#ifdef UPPERONLY
#define ownerlists(d) skip
#else
#define ownerlists(d) put(d,LIST)
#endif
inline linkup(l) { lk[l]=true; if
  :: (l)==0 -> ownerlists(0) :: (l)==1 -> ownerlists(1) :: (l)==2 -> put(2,LIST); put(3,LIST)
  :: (l)==3 -> put(4,LIST) :: (l)==4 -> put(5,LIST) fi }
inline boot(i) { alive[i]=true; if
  :: (i)==0 ->
#ifdef LOSTDISK
     dsk=1;
#else
     dsk++;
#endif
     have[0]=ver(dsk,1,nextv); nextv++
  :: else -> skip fi }
inline kill(i) { cr--; alive[i]=false; have[i]=0;
#ifdef PROV
  prov[i]=false;
#endif
  if :: (i)==0 -> cut(0); cut(1) :: (i)==1 -> cut(0); cut(2); cut(3) :: (i)==2 -> cut(1); cut(2); cut(4) :: (i)==3 -> cut(3); cut(4) fi }

#define RX(d) d_step { dt[d]!=0 -> printf("RX %d k%d %d.%d.%d\n",d,dt[d],ep(dv[d]),(dv[d]>>3)&3,dv[d]&7); rx(d) }
#define TX(d) d_step { lk[lnk(d)] && pend[d]!=0 && dt[d]==0 -> printf("TX %d\n",d); tx(d) }
#define WT(d) d_step { uw[d] -> printf("WANT %d\n",d); uw[d]=false; put(d,SNAP) }
#define RP(d) d_step { ur[d]!=0 -> printf("REPORT %d %d.%d.%d\n",d,ep(ur[d]),(ur[d]>>3)&3,ur[d]&7); rep(d) }
#define DG(d) d_step { differs(d) && hbok -> printf("DIGEST %d\n",d); hbuse; put(d,LIST) }
#define ST(d) d_step { stands(d) && hbok -> printf("STAND %d\n",d); hbuse; answer(d); x=0; y=0; n=0 }
#define UPL(l) d_step { may[l] && !lk[l] && alive[enda(l)] && alive[endb(l)] -> fresh; printf("UP %d\n",l); linkup(l) }
#define BT(i) d_step { !alive[i] -> fresh; printf("BOOT %d\n",i); boot(i) }
#define KI(i) d_step { cr>0 && alive[i] -> fresh; printf("KILL %d\n",i); kill(i) }
#define CU(l) d_step { ld>0 && lk[l] -> fresh; printf("CUT %d\n",l); ld--; cut(l) }
#define PDN(l) d_step { pd>0 && may[l] && enough(may[0]&&(l)!=0,may[1]&&(l)!=1,may[2]&&(l)!=2,may[3]&&(l)!=3,may[4]&&(l)!=4) -> fresh; printf("FOREVER DOWN %d\n",l); pd--; may[l]=false; cut(l) }
#define LO(d) d_step { loss>0 && dt[d]!=0 -> fresh; printf("LOSE data %d\n",d); loss--; dt[d]=0; dv[d]=0 }
#define LW(d) d_step { loss>0 && uw[d] -> fresh; printf("LOSE want %d\n",d); loss--; uw[d]=false }
#define LR(d) d_step { loss>0 && ur[d]!=0 -> fresh; printf("LOSE report %d\n",d); loss--; ur[d]=0; uc[d]=false }
#define ENV BT(0) :: BT(1) :: BT(2) :: BT(3)
#define UPLS UPL(0) :: UPL(1) :: UPL(2) :: UPL(3) :: UPL(4)
#define UPDATE d_step { alive[0] && upd>0 -> fresh; printf("UPDATE\n"); upd--; have[0]=have[0]+8-(have[0]&7)+nextv; nextv++; push(0) }
#define FLT KI(0) :: KI(1) :: KI(2) :: KI(3) :: CU(0) :: CU(1) :: CU(2) :: CU(3) :: CU(4) \
  :: PDN(0) :: PDN(1) :: PDN(2) :: PDN(3) :: PDN(4) \
  :: LO(0) :: LO(1) :: LO(2) :: LO(3) :: LO(4) :: LO(5) :: LW(0) :: LW(1) :: LW(2) :: LW(3) :: LW(4) :: LW(5) \
  :: LR(0) :: LR(1) :: LR(2) :: LR(3) :: LR(4) :: LR(5)

#ifdef FAIR
proctype Link(byte d) { do :: RX(d) od }
proctype Send(byte d) { do :: TX(d) od }
proctype Want(byte d) { do :: WT(d) od }
proctype Rept(byte d) { do :: RP(d) od }
proctype Beat(byte d) { do :: DG(d) :: ST(d) od }
proctype Env() { do :: ENV :: UPLS od }
proctype Upd() { do :: UPDATE :: upd==0 -> break od }
proctype Faults() { do :: FLT :: break od }
#else
proctype All() { do
  :: RX(0) :: RX(1) :: RX(2) :: RX(3) :: RX(4) :: RX(5)
  :: TX(0) :: TX(1) :: TX(2) :: TX(3) :: TX(4) :: TX(5)
  :: WT(0) :: WT(1) :: WT(2) :: WT(3) :: WT(4) :: WT(5)
  :: RP(0) :: RP(1) :: RP(2) :: RP(3) :: RP(4) :: RP(5)
  :: d_step { hbok && (beatable(0) || beatable(1) || beatable(2) || beatable(3) || beatable(4) || beatable(5)) ->
       printf("HEARTBEAT\n"); hbuse; count; beat(0); beat(1); beat(2); beat(3); beat(4); beat(5); x=0; y=0; n=0 }
  :: ENV :: UPLS :: UPDATE :: FLT
  od }
#endif
init { atomic {
  may[0]=MASK&1; may[1]=(MASK>>1)&1; may[2]=(MASK>>2)&1; may[3]=(MASK>>3)&1; may[4]=(MASK>>4)&1;
#ifdef BOOTED
  /* all alive, nothing connected */
  alive[1]=true; alive[2]=true; alive[3]=true;
#endif
#ifdef FAIR
  byte d; for (d : 0 .. 5) { if :: may[lnk(d)] -> run Link(d); run Send(d); run Want(d); run Rept(d); run Beat(d) :: else -> skip fi }; d=0;
  run Env(); run Upd(); run Faults()
#else
  run All()
#endif
} }
#ifdef SAFE
active proctype Final() { timeout -> assert(conv) }
#else
ltl p1 { eventually (always (conv)) }
#endif
