import { describeFaults } from './describe-faults.ts';

describeFaults('fhir-messaging');
